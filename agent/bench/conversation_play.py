"""Plays one conversation of a file in a room, and tells what came of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from agent.bench.conversation_account import account, differing
from agent.bench.conversation_ear import OpenEar, WordsEar
from agent.bench.conversation_file import Conversation, Step
from agent.bench.conversation_room import Room
from agent.bench.happenings import Happening, minor_of, seconds_of
from agent.bench.played_clock import Clock
from agent.bench.played_sensor import sensor_of
from agent.bench.played_shop import Founded
from agent.committing.cancelling import BY_OPERATOR
from agent.deciding import details, policy_file
from agent.deciding.details import Details, Facts
from agent.deciding.edition import Edition
from agent.deciding.policy_file import PolicyFile, parse_policy
from agent.plumbing import site_messages
from agent.plumbing.errors import EarmarkError
from agent.plumbing.operator import FactorKind
from agent.plumbing.settings import Policy
from agent.plumbing.speaker_models import GE2E
from agent.till.house import HouseRules


class Came(NamedTuple):
    """What a step came to."""

    state: str
    answers: tuple[str, ...]


class Played(NamedTuple):
    """`then` as it stands in a file; `faults` is what differs from the file, each with its line."""

    steps: tuple[Came, ...]
    then: tuple[str, ...]
    faults: tuple[str, ...]


def play(conversation: Conversation, founded: Founded, folder: Path, open_ear: OpenEar = WordsEar) -> Played:
    """Holds it, in `folder`, which does not exist yet. The order of every step is that of the file; time
    stands still but where the file says otherwise."""
    folder.mkdir()
    player = _Player(conversation, founded, folder, open_ear)
    steps: list[Came] = []
    try:
        for step in conversation.steps:
            steps.append(player.do(step))  # noqa: PERF401  (those before an error count)
        then, faults = player.came_of_it()
    except Exception as error:  # whatever it is, it would have ended the till
        line = conversation.steps[len(steps)].line if len(steps) < len(conversation.steps) else 0
        return Played(tuple(steps), (), (f"{line}: it ended with {type(error).__name__}: {error}",))
    finally:
        player.close()
    for step, came in zip(conversation.steps, steps, strict=True):
        wanted = Came(step.state, step.answers)
        if wanted != came:
            faults.append(f"{step.line}: {_shown(wanted)} was to come, and it was {_shown(came)}")
    if then != conversation.then:
        wanted_then, was = "; ".join(conversation.then), "; ".join(then)
        faults.append(f"{conversation.then_from}: then: {wanted_then!r} was to come, and it was {was!r}")
    return Played(tuple(steps), then, tuple(faults))


def _policy_of(given: Mapping[str, list[Mapping[str, str]]]) -> PolicyFile:
    """The rules, roles and shifts that stand there, each rule as the keys and values of its table."""
    rules = (f'{{id = "rule-{at}", {words["rule"]}}}' for at, words in enumerate(given.get("rule", ()), 1))
    people: dict[str, list[str]] = {}
    for words in given.get("role", ()):
        people.setdefault(words["role"], []).append(words["name"])
    roles = "".join(f"{role} = {names}\n" for role, names in people.items())
    shifts = "".join(f"[shift]\nhours = {words['hours']}\n" for words in given.get("shift", ()))
    schema = f"schema_version = {policy_file.SCHEMA_VERSION}\n"
    return parse_policy(f"{schema}rule = [{', '.join(rules)}]\n{shifts}[roles]\n{roles}")


def _details_of(given: Mapping[str, list[Mapping[str, str]]], edition: Edition) -> Details | None:
    """What the shop tells of the products that are named, each as the keys and values of its table."""
    if "facts" not in given:
        return None
    told = {words["product"]: tomllib.loads(f"is = {{{words['facts']}}}")["is"] for words in given["facts"]}
    products = msgspec.convert(told, dict[str, Facts])
    return Details(details.SCHEMA_VERSION, "corner-shop", edition.version, edition.source, products)


def _shown(came: Came) -> str:
    return " ".join((f"{came.state}:", *(repr(answer) for answer in came.answers)))


class _Player:
    def __init__(self, conversation: Conversation, founded: Founded, folder: Path, open_ear: OpenEar) -> None:
        self._language = conversation.language
        self._ear = open_ear(conversation.language, self._fault)
        self.faults: list[str] = []
        self._line = conversation.line
        given: dict[str, list[Mapping[str, str]]] = {}
        for what, words in conversation.givens:
            given.setdefault(what, []).append(words)
        limits = {words["limit"]: int(words["value"]) for words in given.get("limit", ())}
        at = given.get("at", [{"day": "Tuesday", "hour": "10", "minute": "00"}])[0]
        self._room = Room(
            *(founded, folder, self._language, Clock(at["day"], int(at["hour"]), int(at["minute"]))),
            msgspec.convert(limits, Policy),
            [sensor_of(words["product"], words["place"]) for words in given.get("sensor", ())],
            direct="direct" in given,
            tells_when="tells_when" in given,
        )
        self._names: dict[str, str] = {}
        if "nobody" not in given:
            for name in given.get("people", [{"names": "Anna"}])[0]["names"].split(", "):
                model = "speaker-ecapa:1" if "other_model" in given else GE2E
                silent = {"name": name} in given.get("no_voice", ())
                voiceprint = None if silent else self._ear.learned(name, model)
                self._names[self._room.enrol(name, voiceprint)] = name
        kinds: tuple[FactorKind, ...] = ("pin", "badge")
        for kind in kinds:
            for words in given.get(kind, ()):
                self._room.desk.factors.set(self._person(words["name"]), kind, words["number"])
        for words in given.get("phone", ()):
            self._room.phones.pair(self._person(words["name"]), words["name"])
        told = _details_of(given, self._room.desk.edition)
        self._room.house = self._room.desk.house = HouseRules(_policy_of(given), told)
        for words in given.get("charges", ()):
            self._room.shop.charge(words["product"], minor_of(words["price"]))
        for words in given.get("stock", ()):
            self._room.shop.count(words["sku"], int(words["count"]))
        if "no_time" not in given:
            self._room.tell_time()
        for words in given.get("waiting", ()):
            self._room.troubles.full_queue(int(words["count"]))
        if "offline" not in given:
            self._room.link(up=True)
        self._room.settle()
        if self._room.said:
            self._fault(f"it spoke before anybody did: {self._room.said}")

    def close(self) -> None:
        self._room.close()

    def _fault(self, text: str) -> None:
        self.faults.append(f"{self._line}: {text}")

    def do(self, step: Step) -> Came:
        """One step, and all that follows from it."""
        self._line = step.line
        self._room.said.clear()
        if step.happening is None:
            self._ear.hears(step, self._room)
        else:
            self._happen(step, step.happening)
        self._room.settle()
        typing = step.happening is not None and step.happening.what == "type"
        talk = self._room.chat if typing and self._room.chat else self._room.spoken
        return Came(type(talk.state).__name__, tuple(self._room.said))

    def came_of_it(self) -> tuple[tuple[str, ...], list[str]]:
        """What stands in the journal, and all that was wrong on the way there."""
        room = self._room
        self._names |= {person.pseudonym: person.name for person in room.desk.people.all()}
        differences = differing(room.desk.journal, room.shop)
        return account(room.desk.journal, self._names), [
            *self.faults,
            *(f"{self._line}: {difference}" for difference in differences),
        ]

    def _happen(self, step: Step, happening: Happening) -> None:
        room, words = self._room, happening.words
        languages = [mark.words["language"] for mark in step.marks if mark.what == "language"]
        typists = [mark.words["name"] for mark in step.marks if mark.what == "person"]
        acts: Mapping[str, Callable[[], object]] = {
            "type": lambda: room.type(
                words["text"], (languages or [self._language])[0], *map(self._person, typists)
            ),
            "silence": lambda: self._ear.hears_nothing(room),
            "keypad": lambda: room.touching.received(site_messages.PinTyped(words["number"])),
            "hold_badge": lambda: room.touching.received(site_messages.BadgeRead(words["number"])),
            "phone_answers": lambda: room.phones.answer(
                words["name"],
                "approve" if words["answer"] == "approves" else "refuse",
                other="other" in words,
            ),
            "phone_again": lambda: room.phones.again(),
            "phone_code": lambda: room.phones.type_code(words["name"], other="other" in words),
            "phone_code_late": lambda: room.phones.type_code(words["name"], ago_s=seconds_of(words)),
            "press": lambda: room.touching.received(site_messages.ButtonPressed()),
            "level": lambda: room.sensor(words["sensor"], int(words["percent"]) / 100),
            "heard_of": lambda: room.sensor(words["sensor"], 0.5),
            "stock": lambda: room.shop.count(words["sku"], int(words["count"])),
            "price": lambda: room.use_catalogue(room.shop.price(words["product"], minor_of(words["price"]))),
            "new_product": lambda: room.use_catalogue(
                room.shop.sell(words["name"], words["unit"], self._language, minor_of(words["price"]))
            ),
            "not_sold": lambda: room.use_catalogue(room.shop.sell_no(words["product"])),
            "withdraw": lambda: room.shop.withdraw(int(words["version"])),
            "mute": lambda: setattr(room.shop, "answers", False),
            "answer": lambda: setattr(room.shop, "answers", True),
            "limit_device": lambda: room.from_shop(room.shop.limit({words["limit"]: int(words["value"])})),
            "rule_device": lambda: room.from_shop(room.shop.rule(words["rule"])),
            "hand_over": lambda: room.shop.end_last("accepted"),
            "call_off": lambda: room.shop.end_last("cancelled"),
            "promote": lambda: room.shop.promote(words["words"], self._language, words.get("until", "")),
            "revoke": room.shop.revoke,
            "link_down": lambda: room.link(up=False),
            "link_up": lambda: room.link(up=True),
            "pass": lambda: room.pass_by(seconds_of(words)),
            "jump": lambda: room.jump(seconds_of(words) * (1 if words["way"] == "ahead" else -1)),
            "tell_time": room.tell_time,
            "forget": lambda: self._forget(words["name"]),
            "enrol": lambda: self._enrol(words["name"]),
            "remember": lambda: self._remember(words["name"]),
            "cancel": self._cancel,
            "new_pin": lambda: self._new_factor("pin", words["name"]),
            "new_badge": lambda: self._new_factor("badge", words["name"]),
            "no_badge": lambda: room.desk.factors.remove(self._person(words["name"]), "badge"),
            "restart": room.restart,
            "mended": lambda: room.restart(mended=True),
            "lose_voice": room.lose_voice,
            "find_voice": room.find_voice,
            "no_room": lambda: room.troubles.journal(room=False),
            "room": lambda: room.troubles.journal(room=True),
            "no_folder": lambda: room.troubles.folder(there=False),
            "folder": lambda: room.troubles.folder(there=True),
            "ear": lambda: room.troubles.ear(words["how"]),
            "pair": lambda: room.phones.pair_aloud(self._person(words["name"]), words["name"]),
        }
        acts[happening.what]()

    def _forget(self, name: str) -> None:
        """As `earmark people forget`."""
        desk, person = self._room.desk, self._person(name)
        desk.forget(person)

    def _cancel(self) -> None:
        """As `earmark cancel`; what it prints is no part of the conversation."""
        try:
            self._room.desk.cancel(self._room.desk.journal.orders(1)[0].intent_id, BY_OPERATOR)
        except EarmarkError as error:
            self._room.show(f"({error.code})")

    def _enrol(self, name: str) -> None:
        if not self._room.spoken.begin_enrolment(name):
            self._room.show("(enrol_busy)")

    def _remember(self, name: str) -> None:
        """As `earmark people remember`."""
        people, person = self._room.desk.people, self._person(name)
        if (known := people.get(person)) is not None:
            people.keep_profile(person, msgspec.structs.replace(known.profile, remembers=True))

    def _new_factor(self, kind: FactorKind, name: str) -> None:
        try:
            self._room.touching.begin_new(kind, self._person(name), lambda *_: None)
        except EarmarkError as error:
            self._room.show(f"({error.code})")

    def _person(self, name: str) -> str:
        people = {person.name: person.pseudonym for person in self._room.desk.people.all()}
        if name not in people:
            self._fault(f"nobody is enrolled as {name}")
        return people.get(name, "p-00000000")
