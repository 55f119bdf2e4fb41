"""A phone in a conversation: it shows what the device asks, and answers by the shop or by a code."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Literal

import msgspec
from joserfc.jwk import ECKey

from agent.committing import jws
from agent.committing.approvals import Pairing, approval_event, sign_approval
from agent.committing.envelope import down_topic
from agent.deciding.phone import Asked, approval, code
from agent.plumbing import messages
from agent.plumbing.site_messages import PinTyped
from agent.till.pairing import PhonePairing

if TYPE_CHECKING:
    from agent.bench.conversation_room import Room


class PlayedPhone:
    """Of one person. Its code key comes from the name, so that a conversation comes the same each time."""

    def __init__(self, person: str, name: str) -> None:
        self._key = ECKey.generate_key("P-256")
        self._code_key = hashlib.sha256(name.encode()).digest()
        self.pairing = Pairing(person, jws.public_jwk(self._key), self._code_key)

    def answer(self, of: Asked, what: Literal["approve", "refuse"], *, shop_id: str, now_s: int) -> bytes:
        """For dn/approval."""
        given = approval(of, what, jti=str(uuid.uuid4()), now_s=now_s)
        return approval_event(sign_approval(given, self._key), id_=uuid.uuid4(), shop_id=shop_id, now_s=now_s)

    def code(self, of: Asked, *, now_s: int) -> str:
        """What it shows without a network."""
        return code(self._code_key, of, now_s=now_s)


class RoomPhones:
    """Everybody's, in one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._phones: dict[str, PlayedPhone] = {}
        self._last: messages.Received | None = None
        self._before = Asked("", "", (), 0, "PLN", 1)

    def pair(self, person: str, name: str) -> None:
        """As `earmark phone add`."""
        self._phones[name] = PlayedPhone(person, name)
        self._room.desk.phones.add(self._phones[name].pairing)

    def pair_aloud(self, person: str, name: str) -> None:
        """The same by an operator, while somebody may be there."""
        self._phones[name] = PlayedPhone(person, name)
        room = self._room
        pairing = PhonePairing(room.desk, room.proofs, room.spoken.announce, may_pair=True)
        pairing.add(msgspec.json.encode(self._phones[name].pairing))

    def answer(self, name: str, what: Literal["approve", "refuse"], *, other: bool) -> None:
        """It signs, and the shop carries it. `other`: it was shown another total."""
        now_s, device = self._room.desk.now_s(), self._room.settings.device.id
        event = self._phones[name].answer(
            self._asked(name, other=other), what, shop_id="corner-shop", now_s=now_s
        )
        self._last = messages.Received(down_topic(device, "approval"), event)
        self.again()

    def again(self) -> None:
        """The same bytes, by whoever kept them."""
        if self._last is not None:
            self._room.from_shop(self._last)

    def type_code(self, name: str, *, other: bool = False, ago_s: int = 0) -> None:
        """The code that it showed so long ago, on the keypad."""
        asked, now_s = self._asked(name, other=other), self._room.desk.now_s() - ago_s
        self._room.touching.received(PinTyped(self._phones[name].code(asked, now_s=now_s)))

    def _asked(self, name: str, *, other: bool) -> Asked:
        person = self._phones[name].pairing.person
        found: Asked = self._room.proofs.asked_of(person) or self._before
        self._before = found
        return msgspec.structs.replace(found, total_minor=found.total_minor + 1) if other else found
