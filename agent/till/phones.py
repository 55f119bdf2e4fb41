"""The phones that may approve orders, one a person, and which of their answers were taken before."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from agent.committing.approvals import Pairing, verify_approval
from agent.committing.trusted_time import Memory
from agent.deciding.phone import (
    DIGITS,
    EARLY_ALLOWED_S,
    LIFETIME_S,
    Approval,
    Asked,
    approval_fault,
    minute_of_code,
)
from agent.plumbing import audit, durable
from agent.plumbing.errors import JournalError, TrustError
from agent.till.kept import keep, kept

FILE_NAME = "phones.json"
_TAKEN_KEY = "phone_answers"


class _Taken(msgspec.Struct, frozen=True):
    """By person the minute of the code that was taken last; by `jti` when each signed answer was taken."""

    minutes: dict[str, int] = {}
    answers: dict[str, int] = {}


class Phones:
    """Pairings in one owner-only file, which holds secrets. A file of its own: that of PINs and badges has to
    be readable for an earlier release."""

    def __init__(self, path: Path | None, memory: Memory) -> None:
        """`memory`: where it outlives the process what was taken. None: nothing is kept. A file that cannot
        be read is logged (phones_damaged) and is that of nobody: such orders are then refused."""
        self._path, self._memory = path, memory
        self._pairings: dict[str, Pairing] = {}
        try:
            if path is not None and path.exists():
                pairings = msgspec.json.decode(path.read_bytes(), type=list[Pairing])
                self._pairings = {pairing.person: pairing for pairing in pairings}
        except (OSError, msgspec.MsgspecError) as error:
            audit.log(
                "phones_damaged",
                detail=f"{path}: {type(error).__name__}",
                next_step="pair each phone again: earmark phone add --help",
            )

    def has(self, person: str) -> bool:
        """Whether a phone of `person` is paired."""
        return person in self._pairings

    def people(self) -> tuple[str, ...]:
        """Whose phones are paired."""
        return tuple(self._pairings)

    def add(self, pairing: Pairing) -> None:
        """Replaces that person's phone; on disk when it returns. Raises JournalError phones_unwritable."""
        self._keep({**self._pairings, pairing.person: pairing})

    def forget(self, person: str) -> bool:
        """Whether there was one. Raises JournalError phones_unwritable."""
        if person not in self._pairings:
            return False
        self._keep({other: pairing for other, pairing in self._pairings.items() if other != person})
        return True

    def erase(self, person: str) -> None:
        """As `forget`, and what was taken of that person's as well. Raises JournalError."""
        self.forget(person)
        taken = self._taken()
        if person in taken.minutes:
            others = {other: minute for other, minute in taken.minutes.items() if other != person}
            keep(self._memory, _TAKEN_KEY, _Taken(others, taken.answers))

    def take_code(self, typed: str, of: Asked, *, now_s: int) -> bool:
        """Whether that is the code of the phone of `of.person` for exactly this; then it is taken, and none
        of that minute or before is any more. Wrong ones count towards the lockout; that is the caller's.
        Raises JournalError."""
        pairing = self._pairings.get(of.person)
        if pairing is None or len(typed) != DIGITS:
            return False
        taken = self._taken()
        last = taken.minutes.get(of.person, 0)
        minute = minute_of_code(typed, pairing.code_key, of, now_s=now_s, last_minute=last)
        if minute is None:
            return False
        keep(self._memory, _TAKEN_KEY, _Taken({**taken.minutes, of.person: minute}, taken.answers))
        return True

    def take_answer(self, token: str, asked: Mapping[str, Asked], *, now_s: int) -> Approval:
        """What a phone of one of the people in `asked` signed for exactly what that person is asked; it is
        taken then, and never again.

        Raises TrustError: phone_unknown (none of their phones has signed it), approval_malformed and what
        `approval_fault` finds. JournalError.
        """
        taken = self._taken()
        for person, of in asked.items():
            answer = self._signed_by(person, token)
            if answer is None:
                continue
            if fault := approval_fault(answer, of, now_s=now_s, taken=taken.answers):
                raise TrustError(fault, "a phone has signed it, and it is no answer to what is asked")
            over = now_s - LIFETIME_S - EARLY_ALLOWED_S
            fresh = {jti: at_s for jti, at_s in taken.answers.items() if at_s > over}
            keep(self._memory, _TAKEN_KEY, _Taken(taken.minutes, {**fresh, answer.jti: now_s}))
            return answer
        raise TrustError("phone_unknown", "no phone that is asked has signed it")

    def _signed_by(self, person: str, token: str) -> Approval | None:
        pairing = self._pairings.get(person)
        if pairing is None:
            return None
        try:
            return verify_approval(token, pairing)
        except TrustError as error:
            if error.code == "approval_malformed":
                raise
            return None

    def _taken(self) -> _Taken:
        return kept(self._memory, _TAKEN_KEY, _Taken())

    def _keep(self, pairings: dict[str, Pairing]) -> None:
        try:
            if self._path is not None:
                durable.write(self._path, msgspec.json.encode(list(pairings.values())), mode=0o600)
        except OSError as error:
            raise JournalError(
                "phones_unwritable", f"cannot write {self._path}: {error.strerror}", "earmark doctor"
            ) from error
        self._pairings = pairings
