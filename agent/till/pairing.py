"""What an operator may do about phones: pair one, remove it, and see what it is asked."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from agent.committing.approvals import Pairing
from agent.deciding.conversation import Record, Say
from agent.plumbing.errors import EarmarkError
from agent.till.desk import Conversation, Desk
from agent.till.proofs import Proofs


class PhonePairing:
    """For one operator. A phone that is paired can approve orders, so only whoever could write the till's
    own files may pair one (`may_pair`), and it is told aloud."""

    def __init__(
        self, desk: Desk, proofs: Proofs, announce: Callable[[Say, str], str | None], *, may_pair: bool
    ) -> None:
        self._desk, self._proofs, self._announce, self._may_pair = desk, proofs, announce, may_pair

    def add(self, pairing: bytes) -> str:
        """Lets that phone approve from now on; whose it is, by name. Raises EarmarkError: phone_not_allowed,
        phone_pairing, person_unknown, phones_unwritable."""
        self._refuse_strangers()
        try:
            phone = msgspec.json.decode(pairing, type=Pairing)
        except (msgspec.MsgspecError, ValueError) as error:
            raise EarmarkError(
                "phone_pairing", f"that is no pairing: {error}", "earmark phone pair --help"
            ) from error
        person = self.whose(phone.person)
        if person != phone.person:
            raise EarmarkError("phone_pairing", f"it names {phone.person}", "earmark phone pair --help")
        self._desk.phones.add(phone)
        self._record("phone_paired", person)
        name = self._desk.known_as(person).name
        self._announce(Say("phone_paired"), name)
        return name

    def remove(self, person: str) -> bool:
        """Whether there was one. Raises EarmarkError phone_not_allowed, phones_unwritable."""
        self._refuse_strangers()
        found = self._desk.phones.forget(person)
        if found:
            self._record("phone_removed", person)
        return found

    def asked(self, person: str) -> bytes:
        """What that person's phone is asked now, b'' for nothing."""
        found = self._proofs.asked_of(self.whose(person))
        return b"" if found is None else msgspec.json.encode(found)

    def whose(self, name: str) -> str:
        """The pseudonym of who is called that, or has that pseudonym. Raises EarmarkError person_unknown,
        where nobody is or several are."""
        everybody = self._desk.people.all()
        exact = [one.pseudonym for one in everybody if one.pseudonym == name]
        called = [one.pseudonym for one in everybody if one.name.casefold() == name.casefold()]
        found = exact or called
        if len(found) != 1:
            raise EarmarkError(
                "person_unknown", f"{len(found)} people are known as {name!r}", "earmark people"
            )
        return found[0]

    def _record(self, code: str, person: str) -> None:
        self._desk.record(Record(code, person=person), Conversation.new(), "")

    def _refuse_strangers(self) -> None:
        if not self._may_pair:
            raise EarmarkError(
                "phone_not_allowed",
                "only root and the device's own user may pair a phone: it approves orders",
                "run it with sudo",
            )
