"""The error tree. Every error has a stable code, one line for the operator, and the next step that mends it.

What the person in the room hears is looked up by `code` in `agent.deciding.replies`; no traceback reaches a
user.
"""

from __future__ import annotations

from agent.plumbing.terminal import plain


class EarmarkError(Exception):
    """Base of all expected failures.

    `code` is stable and machine-readable (`catalogue_duplicate_id`); `detail` says what was found;
    `next_step` says what to do, where possible as a command.
    """

    def __init__(self, code: str, detail: str, next_step: str = "") -> None:
        super().__init__(f"{code}: {detail}" + (f" -> {next_step}" if next_step else ""))
        self.code = code
        self.detail = detail
        self.next_step = next_step

    def __reduce__(self) -> tuple[type[EarmarkError], tuple[str, str, str]]:
        return type(self), (self.code, self.detail, self.next_step)

    def explained(self) -> str:
        """For a person at a terminal: what was found, the code, the next step, a line each."""
        lines = [*self.detail.splitlines(), f"  code: {self.code}"]
        lines += [f"  next: {self.next_step}"] if self.next_step else []
        return "\n".join(plain(line) for line in lines)


class ConfigurationError(EarmarkError):
    """Settings that cannot be used."""


class ModelError(EarmarkError):
    """A model that is missing, damaged or of the wrong kind."""


class AudioError(EarmarkError):
    """Sound that cannot be read, heard or played."""


class CatalogueError(EarmarkError):
    """A catalogue that cannot be sold from."""


class TrustError(EarmarkError):
    """A key, certificate, signature, receipt or clock that must not be relied on."""


class JournalError(EarmarkError):
    """The order journal cannot be opened or written."""


class IpcError(EarmarkError):
    """A frame or a peer that is not acceptable."""


class SandboxError(EarmarkError):
    """A restriction that was asked for could not be put in force."""


class UpdateError(EarmarkError):
    """A release that is not taken, or a slot that cannot be started."""
