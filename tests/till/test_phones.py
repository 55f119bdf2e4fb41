"""A phone in the till: its answers for exactly what is awaited, by the broker or typed, once, and locked
after wrong ones like a PIN; and a second person, who is never the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from uuid import uuid4

import msgspec
import pytest
from joserfc.jwk import ECKey

from agent.bench.played_phone import PlayedPhone
from agent.committing import jws
from agent.committing.approvals import Pairing, approval_event, sign_approval
from agent.deciding.lockout import CLEAR
from agent.deciding.phone import Asked, approval
from agent.deciding.policy_file import parse_policy
from agent.deciding.verification import Voiceprint
from agent.plumbing.errors import EarmarkError
from agent.plumbing.settings import Touch
from agent.plumbing.site_messages import BadgeRead, PinTyped
from agent.plumbing.speaker_models import GE2E
from agent.till.house import HouseRules
from agent.till.kept import kept
from agent.till.pairing import PhonePairing
from agent.till.phones import Phones
from agent.till.profiles import Profile
from agent.till.proofs import Proofs
from agent.till.touching import Touching
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import BERT, Till, make_till

ORDER = "okay nabu order two bags of dark roast coffee"


class Room:
    """Anna, who has a phone, and Bert, on a till whose house asks for a phone."""

    def __init__(self, folder: Path) -> None:
        self._bench, self._folder = make_bench(folder), folder
        touch = Touch(keypad_device="/dev/input/event0", badge_device="/dev/input/event1")
        self._bench.settings = msgspec.structs.replace(self._bench.settings, touch=touch)
        self._bench.restart_device()
        self.till = self._make()
        self.till.desk.people.add("Bert", Voiceprint(GE2E, BERT), now_s=0)
        self.anna, self.bert = (one.pseudonym for one in sorted(self.till.desk.people.all(), key=_name))
        self.phone = PlayedPhone(self.anna, "Anna")
        self.till.desk.phones.add(self.phone.pairing)

    def _make(self) -> Till:
        till = make_till(self._bench, self._folder)
        till.desk.phones = Phones(self._folder / "phones.json", self._bench.journal)
        till.desk.house = HouseRules(parse_policy('[[rule]]\nid = "r"\nrequire = "phone"'))
        talks = [till.spoken]
        self.proofs = Proofs(till.desk, lambda: [*talks, *([till.typed] if till.typed else [])])
        self.touching = Touching(till.desk, till.spoken, lambda *_: None, self.proofs)
        return till

    def restart(self) -> None:
        self._bench.restart_device()
        self.till = self._make()

    def rule(self, text: str) -> None:
        self.till.desk.house = HouseRules(parse_policy(f'[[rule]]\nid = "r"\n{text}'))

    def asked(self, person: str = "") -> Asked:
        found = self.proofs.asked_of(person or self.anna)
        assert found is not None
        return found

    def answer(
        self,
        of: Asked,
        what: Literal["approve", "refuse"] = "approve",
        *,
        phone: PlayedPhone | None = None,
        late_s: int = 0,
    ) -> bytes:
        now_s = self.till.desk.now_s() - late_s
        return (phone or self.phone).answer(of, what, shop_id="corner-shop", now_s=now_s)

    def code(self, of: Asked, *, late_s: int = 0) -> PinTyped:
        return PinTyped(self.phone.code(of, now_s=self.till.desk.now_s() - late_s))

    @property
    def orders(self) -> int:
        return len(self.till.desk.journal.orders())


def _name(person: object) -> str:
    return str(getattr(person, "name", ""))


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    made = Room(tmp_path)
    yield made
    made._bench.desk.close()
    made._bench.journal.close()


def test_an_approval_of_exactly_this_is_the_order(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    assert room.till.decided[-1] == "asked_phone"
    room.proofs.received(room.answer(room.asked()))
    assert room.till.decided[-1] == "confirmed_by_phone" and room.orders == 1


def test_what_is_no_approval_of_it_changes_nothing_and_the_right_one_still_counts(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    of = room.asked()
    other_key = ECKey.generate_key("P-256")
    now_s = room.till.desk.now_s()
    forged = sign_approval(approval(of, "approve", jti=str(uuid4()), now_s=now_s), other_key)
    wrong = {
        "approval_other_basket": room.answer(msgspec.structs.replace(of, total_minor=of.total_minor - 1)),
        "approval_other_device": room.answer(msgspec.structs.replace(of, device="another")),
        "approval_other_person": room.answer(msgspec.structs.replace(of, person=room.bert)),
        "approval_over": room.answer(of, late_s=301),
        "approval_early": room.answer(of, late_s=-61),
        "phone_unknown": approval_event(forged, id_=uuid4(), shop_id="corner-shop", now_s=now_s),
        "envelope_malformed": b"{}",
    }
    for payload in wrong.values():
        room.proofs.received(payload)
    assert room.proofs.refused == dict.fromkeys(wrong, 1)
    assert room.till.decided[-1] == "asked_phone" and room.orders == 0
    room.proofs.received(room.answer(of))
    assert room.orders == 1


def test_a_refusal_ends_the_order_aloud(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    room.proofs.received(room.answer(room.asked(), "refuse"))
    assert room.till.decided[-1] == "phone_refused" and room.orders == 0
    assert "refused on the phone" in room.till.said and room.till.listening is None


def test_an_answer_is_taken_once_also_by_another_process(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    approved = room.answer(room.asked())
    room.proofs.received(approved)
    room.till.deliver()
    for restarts in (False, True):
        if restarts:
            room.restart()
        room.till.wake_and_say(ORDER)
        assert room.till.decided[-1] == "asked_phone"
        room.proofs.received(approved)
        assert room.proofs.refused["approval_other_basket"] == 1 and room.orders == 1


def test_an_answer_that_decided_nothing_is_taken_once_as_well(room: Room) -> None:
    """Bert may not agree to it; his phone's approval is spent all the same."""
    room.rule('require = "second"\npeople = ["Anna", "Bert"]')
    bert = PlayedPhone(room.bert, "Bert")
    room.till.desk.phones.add(bert.pairing)
    room.till.wake_and_say(ORDER)
    approved = room.answer(room.asked(room.bert), phone=bert)
    room.proofs.received(approved)
    assert "do not let you agree" in room.till.said
    room.rule('require = "second"')
    room.proofs.received(approved)
    assert room.proofs.refused["approval_again"] == 1 and room.orders == 0


@pytest.mark.parametrize("by", ["answer", "code"])
def test_an_approval_that_came_for_nothing_is_none_of_the_same_basket_ordered_again(
    room: Room, by: str
) -> None:
    """Whoever carries it could else keep it back, and bring it to an order that nobody was shown."""
    room.till.wake_and_say(ORDER)
    before = room.asked()
    approved, typed = room.answer(before), room.code(before)
    room.till.answer("cancel")
    room.till.wake_and_say(ORDER)
    assert room.till.decided[-1] == "asked_phone" and len(before.nonce) == 32
    if by == "answer":
        room.proofs.received(approved)
    else:
        room.touching.received(typed)
    assert room.orders == 0
    room.proofs.received(room.answer(room.asked()))
    assert room.orders == 1


def test_one_approval_is_for_one_of_two_that_ask_for_the_same(room: Room) -> None:
    room.till.typed = TypedDialogue(
        room.till.desk, "en", lambda _: None, room.till.what_is_low, person=room.anna
    )
    room.till.typed.typed(ORDER.removeprefix("okay nabu "))
    room.till.wake_and_say(ORDER)
    both = room.proofs.asked()
    assert len({one.nonce for one in both}) == len(both) == 2
    room.proofs.received(room.answer(both[1]))
    assert room.orders == 1 and [one.nonce for one in room.proofs.asked()] == [both[0].nonce]


def test_what_is_asked_once_more_is_the_same_request(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    before = room.asked()
    room.till.answer("repeat that")
    assert room.asked() == before
    room.proofs.received(room.answer(before))
    assert room.orders == 1


def test_a_code_of_another_basket_total_or_minute_is_none_and_a_right_one_is_taken_once(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    of = room.asked()
    for wrong in (
        room.code(msgspec.structs.replace(of, total_minor=of.total_minor + 1)),
        room.code(msgspec.structs.replace(of, lines=())),
        room.code(of, late_s=180),
    ):
        room.touching.received(wrong)
    assert room.orders == 0 and "not the code" in room.till.said
    right = room.code(of)
    room.touching.received(right)
    assert room.till.decided[-1] == "confirmed_by_phone" and room.orders == 1
    room.restart()
    room.till.desk.house = HouseRules(parse_policy('[[rule]]\nid = "r"\nrequire = "phone"'))
    room.till.wake_and_say(ORDER)
    room.till.answer("yes") if room.till.decided[-1] == "asked_another" else None
    assert room.till.decided[-1] == "asked_phone"
    room.touching.received(right)
    assert room.orders == 1


def test_five_wrong_codes_lock_also_across_a_restart_and_the_right_one_is_not_tried(room: Room) -> None:
    wrong = 0
    while wrong < 5:
        room.till.wake_and_say(ORDER)
        for _ in range(min(5 - wrong, 3)):
            room.touching.received(PinTyped("00000000"))
            wrong += 1
    room.restart()
    room.till.wake_and_say(ORDER)
    room.touching.received(room.code(room.asked()))
    assert room.till.decided[-1] == "factor_locked" and room.orders == 0


def test_nothing_is_made_of_an_approval_that_nobody_waits_for(room: Room) -> None:
    room.till.wake_and_say(ORDER)
    approved = room.answer(room.asked())
    room.till.answer("cancel")
    room.proofs.received(approved)
    assert room.proofs.refused == {"approval_unasked": 1} and room.orders == 0
    room.touching.received(PinTyped("12345678"))
    assert kept(room._bench.journal, "factor_lockout", CLEAR) == CLEAR


@pytest.mark.parametrize("by", ["phone", "code"])
def test_what_is_typed_is_placed_by_the_phone_and_no_pin_or_badge_alone(room: Room, by: str) -> None:
    room.till.desk.house = HouseRules()
    room.till.desk.factors.set(room.anna, "pin", "2468")
    shown: list[str] = []
    room.till.typed = TypedDialogue(
        room.till.desk, "en", shown.append, room.till.what_is_low, person=room.anna
    )
    room.till.typed.typed("order two bags of dark roast coffee")
    for number in (PinTyped("2468"), BadgeRead("44556677")):
        room.touching.received(number)
    room.till.typed.typed("yes, place my order")
    assert room.orders == 0
    if by == "phone":
        room.proofs.received(room.answer(room.asked()))
    else:
        room.touching.received(room.code(room.asked()))
    assert room.orders == 1 and "queued" in shown[-1]
    assert room.till.desk.journal.spent_by_voice_since(0, "PLN") == 0
    room.till.deliver()
    assert shown[-1].startswith("Ordered")


def test_a_number_that_is_also_that_of_whoever_ordered_is_no_second_persons(room: Room) -> None:
    room.rule('require = "second"')
    room.till.desk.factors.set(room.anna, "pin", "2468")
    room.till.desk.factors.set(room.bert, "pin", "2468")
    room.till.wake_and_say(ORDER)
    room.touching.received(PinTyped("2468"))
    assert room.orders == 0
    room.till.desk.factors.set(room.bert, "badge", "44556677")
    room.touching.received(BadgeRead("44556677"))
    assert room.orders == 1
    [row] = [row for row in room.till.desk.journal.decisions(10) if row.code == "approved_by_badge"]
    assert row.person == room.bert


@pytest.mark.parametrize(
    ("who", "rule", "may"),
    [
        ("bert", 'require = "second"', True),
        ("bert", 'require = "second"\npeople = ["Anna"]', True),
        ("bert", 'require = "second"\npeople = ["Anna", "Bert"]', False),
        ("anna", 'require = "second"', False),
    ],
)
def test_who_may_be_the_second(room: Room, who: str, rule: str, may: bool) -> None:
    room.rule(rule)
    room.till.desk.factors.set(getattr(room, who), "badge", "44556677")
    room.till.desk.factors.set(room.bert, "pin", "1357")
    room.till.wake_and_say(ORDER)
    assert room.till.decided[-1] == "asked_second"
    room.touching.received(BadgeRead("44556677"))
    assert room.orders == int(may)


def test_a_role_of_the_persons_own_profile_counts_for_the_second_too(room: Room) -> None:
    room.rule('require = "second"\nroles = ["apprentice"]\n[roles]\napprentice = ["Anna"]')
    room.till.desk.people.keep_profile(room.bert, Profile(role="apprentice"))
    room.till.desk.factors.set(room.bert, "badge", "44556677")
    room.till.wake_and_say(ORDER)
    room.touching.received(BadgeRead("44556677"))
    assert room.orders == 0 and "do not let you agree" in room.till.said


def test_who_is_not_admitted_agrees_to_nothing_and_orders_nothing_by_a_phone(room: Room) -> None:
    desk = room.till.desk
    newcomer = desk.people.add("Nina", None, now_s=0, admitted=False).pseudonym
    desk.phones.add(PlayedPhone(newcomer, "Nina").pairing)
    desk.factors.set(newcomer, "badge", "99887766")
    assert not desk.has_phone(newcomer)
    room.rule('require = "second"')
    room.till.wake_and_say(ORDER)
    assert room.till.decided[-1] == "rule_second", "Bert has nothing to agree with"
    desk.factors.set(room.bert, "badge", "44556677")
    room.till.wake_and_say(ORDER)
    room.touching.received(BadgeRead("99887766"))
    assert room.orders == 0


def test_who_is_denied_something_does_not_agree_to_it(room: Room) -> None:
    room.till.desk.house = HouseRules(
        parse_policy(
            '[[rule]]\nid = "a"\nrequire = "second"\n[[rule]]\nid = "b"\nrequire = "deny"\n'
            'people = ["Bert"]\nproducts = ["coffee"]'
        )
    )
    room.till.desk.factors.set(room.bert, "pin", "1357")
    room.till.wake_and_say(ORDER)
    room.touching.received(PinTyped("1357"))
    assert room.orders == 0 and "do not let you agree" in room.till.said


def test_pairings_are_kept_and_forgotten_and_a_damaged_file_is_that_of_nobody(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bench = make_bench(tmp_path)
    path = tmp_path / "phones.json"
    phones = Phones(path, bench.journal)
    for person in ("p-1", "p-2"):
        phones.add(PlayedPhone(person, person).pairing)
    assert path.stat().st_mode & 0o777 == 0o600
    assert Phones(path, bench.journal).has("p-2")
    assert phones.forget("p-1") and not phones.forget("p-1")
    assert not Phones(path, bench.journal).has("p-1")
    later = msgspec.json.encode([{**msgspec.to_builtins(PlayedPhone("p-3", "x").pairing), "new": 1}])
    path.write_bytes(later)
    assert Phones(path, bench.journal).has("p-3"), "of a later release"
    path.write_bytes(b"{")
    assert not Phones(path, bench.journal).has("p-3")
    assert "phones_damaged" in capfd.readouterr().err
    bench.desk.close()
    bench.journal.close()


def test_only_whoever_could_write_the_tills_files_pairs_a_phone_and_it_is_told(room: Room) -> None:
    told: list[str] = []

    def announce(say: object, name: str) -> str:
        told.append(name)
        return ""

    phone = PlayedPhone(room.bert, "Bert")
    data = msgspec.json.encode(phone.pairing)
    with pytest.raises(EarmarkError, match="phone_not_allowed"):
        PhonePairing(room.till.desk, room.proofs, announce, may_pair=False).add(data)
    pairing = PhonePairing(room.till.desk, room.proofs, announce, may_pair=True)
    assert (pairing.add(data), told) == ("Bert", ["Bert"])
    assert room.till.desk.phones.has(room.bert) and room.till.decided[-1] == "phone_paired"
    by_name = msgspec.json.encode(msgspec.structs.replace(phone.pairing, person="Bert"))
    stranger = msgspec.json.encode(
        Pairing("p-99999999", jws.public_jwk(ECKey.generate_key("P-256")), b"k" * 32)
    )
    for wrong, code in ((by_name, "phone_pairing"), (stranger, "person_unknown"), (b"{}", "phone_pairing")):
        with pytest.raises(EarmarkError, match=code):
            pairing.add(wrong)
    room.till.wake_and_say(ORDER)
    assert msgspec.json.decode(pairing.asked("anna"), type=Asked) == room.asked()
    assert pairing.asked("bert") == b""
    assert pairing.remove(room.bert) and not pairing.remove(room.bert)
