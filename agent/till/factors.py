"""PINs and badges of the enrolled: salted and slow to try (scrypt, RFC 7914), locked after repeated
failures."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from agent.committing.trusted_time import Memory
from agent.deciding.lockout import CLEAR, Lockout
from agent.plumbing import boot_clock, durable
from agent.plumbing.errors import JournalError, TrustError
from agent.plumbing.operator import FactorKind
from agent.till.kept import keep, kept

Kind = FactorKind
FEWEST_DIGITS: dict[Kind, int] = {"pin": 4, "badge": 6}
COST = 2**14
"""How slow a number is to try: scrypt's n. In every file that there is."""

_LOCKOUT_KEY = "factor_lockout"
_SHIFT_LOCKOUT_KEY = "shift_lockout"
T = TypeVar("T")


class _Secret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    person: str
    kind: Kind
    salt: bytes
    hash: bytes


class Factors:
    """Secrets in one owner-only file. One lockout for all: whoever tries does not say who they are. Badges
    that nobody asked for have one of their own, so that wrong ones lock no PIN."""

    def __init__(self, path: Path, memory: Memory, boot_s: Callable[[], float] = boot_clock.boot_s) -> None:
        """`memory`: where the lockouts outlive the process. Raises TrustError factors_damaged."""
        self._path, self._memory, self.boot_s = path, memory, boot_s
        # Each badge is compared with everybody's, slowly; one that was right is known again at once.
        self._badges_key, self._badges_seen = os.urandom(32), dict[bytes, str]()
        try:
            self._secrets = (
                msgspec.json.decode(path.read_bytes(), type=list[_Secret]) if path.exists() else []
            )
        except (OSError, msgspec.MsgspecError) as error:
            raise TrustError(
                "factors_damaged",
                f"{path}: {type(error).__name__}",
                f"remove {path} and set PINs and badges again",
            ) from error

    def set(self, person: str, kind: Kind, number: str) -> None:
        """Replaces that person's PIN or badge; on disk when it returns.

        Raises TrustError: factor_too_short, factor_taken (a badge that is somebody else's; two people may
        well have one PIN, and must not learn of it). JournalError factors_unwritable.
        """
        if len(number) < FEWEST_DIGITS[kind]:
            raise TrustError("factor_too_short", f"a {kind} has at least {FEWEST_DIGITS[kind]} digits")
        if kind == "badge" and self.badge_owner(number) not in (None, person):
            raise TrustError("factor_taken", "this badge is somebody else's", "use another")
        salt = os.urandom(16)
        others = [secret for secret in self._secrets if (secret.person, secret.kind) != (person, kind)]
        self._keep([*others, _Secret(person, kind, salt, _scrypt(salt).derive(number.encode()))])

    def forget(self, person: str) -> None:
        """Removes everything of `person`, if there is anything."""
        if self.has(person):
            self._keep([secret for secret in self._secrets if secret.person != person])

    def remove(self, person: str, kind: Kind) -> bool:
        """Removes that person's PIN or badge; whether there was one.

        Raises JournalError factors_unwritable.
        """
        left = [secret for secret in self._secrets if (secret.person, secret.kind) != (person, kind)]
        found = len(left) < len(self._secrets)
        if found:
            self._keep(left)
        return found

    def kinds_of(self, person: str) -> tuple[Kind, ...]:
        """What `person` has, never its number."""
        return tuple(sorted(secret.kind for secret in self._secrets if secret.person == person))

    def has(self, person: str) -> bool:
        """Whether `person` has a PIN or a badge."""
        return any(secret.person == person for secret in self._secrets)

    def tried(self, find: Callable[[], T | None], *, now_s: int) -> T | None:
        """What `find` makes of a number or badge; None counts towards the lockout. Anything else forgives
        failures only when they are old: it may be somebody's own, between guesses at another's.

        Raises TrustError factor_locked after too many failures: nothing is tried then.
        """
        return self._tried(find, now_s, _LOCKOUT_KEY)

    def locked(self, *, now_s: int) -> bool:
        """Whether nothing is tried now, as after too many failures of `tried`."""
        return kept(self._memory, _LOCKOUT_KEY, CLEAR).locked_for_s(now_s, self.boot_s()) > 0

    def shift_badge(self, number: str, *, now_s: int) -> str | None:
        """Whose badge it is, where nobody asked for one. Nothing has to be ordered to try, so a right one
        forgives only wrong ones that are old.

        Raises TrustError factor_locked, and JournalError.
        """
        return self._tried(lambda: self.badge_owner(number), now_s, _SHIFT_LOCKOUT_KEY)

    def badge_mark(self, person: str) -> bytes:
        """What no other badge of that person has had, b'' where there is none; it tells nothing of its
        number."""
        return next((one.salt for one in self._of(person, "badge")), b"")

    def fits_badge(self, person: str, number: str) -> bool:
        """Whether it is that person's badge; only where what comes of it counts the try."""
        return any(_fits(secret, number) for secret in self._of(person, "badge"))

    def fits_pin(self, person: str, number: str) -> bool:
        """Whether it is that person's PIN; only within `tried`."""
        return any(_fits(secret, number) for secret in self._of(person, "pin"))

    def pin_owner(self, number: str) -> str | None:
        """Somebody whose PIN it is, where nobody in particular was asked; only within `tried`."""
        pins = [secret for secret in self._secrets if secret.kind == "pin"]
        return next((secret.person for secret in pins if _fits(secret, number)), None)

    def badge_owner(self, number: str) -> str | None:
        """Whose badge it is; only where tries are counted, or to set one."""
        seen = hashlib.blake2b(number.encode(), key=self._badges_key).digest()
        if seen not in self._badges_seen:
            badges = [secret for secret in self._secrets if secret.kind == "badge"]
            owner = next((secret.person for secret in badges if _fits(secret, number)), None)
            if owner is None:
                return None
            self._badges_seen[seen] = owner
        return self._badges_seen[seen]

    def _of(self, person: str, kind: Kind) -> list[_Secret]:
        return [secret for secret in self._secrets if (secret.person, secret.kind) == (person, kind)]

    def _tried(self, find: Callable[[], T | None], now_s: int, key: str) -> T | None:
        before = self._begin_try(now_s, key)
        found = find()
        if found is not None:
            keep(self._memory, key, before.forgiven(self.boot_s()))
        return found

    def _begin_try(self, now_s: int, key: str) -> Lockout:
        lockout, boot_s = kept(self._memory, key, CLEAR), self.boot_s()
        if left := lockout.locked_for_s(now_s, boot_s):
            raise TrustError(
                "factor_locked", f"too many wrong tries; {left} s to wait", "wait, then try again"
            )
        # Counted before it is tried: pulling the plug after a wrong number gives no further try.
        keep(self._memory, key, lockout.failed(now_s, boot_s))
        return lockout

    def _keep(self, secrets: list[_Secret]) -> None:
        try:
            durable.write(self._path, msgspec.json.encode(secrets), mode=0o600)
        except OSError as error:
            raise JournalError(
                "factors_unwritable", f"cannot write {self._path}: {error.strerror}", "earmark doctor"
            ) from error
        self._secrets = secrets
        self._badges_seen.clear()


def _fits(secret: _Secret, number: str) -> bool:
    try:
        _scrypt(secret.salt).verify(number.encode(), secret.hash)
    except InvalidKey:
        return False
    return True


def _scrypt(salt: bytes) -> Scrypt:
    return Scrypt(salt=salt, length=32, n=COST, r=8, p=1)
