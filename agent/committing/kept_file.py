"""A file whose next content waits for a disk that takes it."""

from __future__ import annotations

from pathlib import Path

from agent.plumbing import audit, durable


class KeptFile:
    """Used from one thread."""

    def __init__(self, file: Path | None, fault: str) -> None:
        """Without `file` nothing is ever kept. `fault` is the code in the log where it cannot be written."""
        self._file, self._fault = file, fault
        self._content: bytes | None = None
        self._failures = 0

    @property
    def waits(self) -> bool:
        """Whether something would be written now."""
        return self._file is not None and self._content is not None

    def put(self, content: bytes) -> None:
        """What the next `write` writes, in place of what waited before."""
        self._content = content

    def write(self) -> bool:
        """Whether all that was put is on disk; where it was not, that is tried now. A spell of failures is
        logged at its first, and at powers of two."""
        if self._content is None:
            return True
        if self._file is None:
            return False
        try:
            durable.write(self._file, self._content, mode=0o600)
        except OSError as error:
            self._failures += 1
            if audit.is_news(self._failures):
                audit.log(self._fault, detail=f"{self._file}: {error.strerror}", count=self._failures)
            return False
        self._content, self._failures = None, 0
        return True
