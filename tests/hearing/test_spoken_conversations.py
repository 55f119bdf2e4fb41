"""Written conversations said aloud: which can be, what is counted, and a few through the real models."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from agent.bench.conversation_file import Conversation, read_files
from agent.bench.conversation_play import Played
from agent.bench.conversation_sound import Hearing, Known, SoundEar
from agent.bench.conversations import FOLDER, Held, conversation_files
from agent.bench.conversations_spoken import can_be_spoken, chosen, hold_spoken, spoken_counts
from agent.bench.made_people import MadePerson
from agent.deciding.verification import Voiceprint
from agent.plumbing import messages
from agent.plumbing.settings_file import default_models_dir
from tests.till.kit import EDITION, utterance

HEAD = "language: en\n\n== One\n"
THEN = "then: decided read_back\nthen: no order\n"
ORDER = "Anna: okay nabu, order coffee\n    state: Confirming\n"
CONSENT = "Anna: yes, place my order\n    state: Idle\n"

WRITTEN = read_files(conversation_files(FOLDER))


def written(folder: Path, text: str) -> Conversation:
    path = folder / "some.txt"
    path.write_text(text + THEN, encoding="utf-8")
    [conversation] = read_files([path])
    return conversation


@pytest.mark.parametrize(
    "text",
    [
        HEAD.replace("en", "pl") + ORDER + CONSENT,
        HEAD + ORDER,
        HEAD + ORDER + CONSENT.replace("Anna:", "Anna (noisy):"),
        HEAD + ORDER + CONSENT.replace("    state", "    heard: cancel\n    state"),
        HEAD + ORDER.replace("order coffee", "order coffee ... and tea") + CONSENT,
        HEAD + ORDER.replace(", order coffee", "") + CONSENT,
        HEAD + "given: voices were learned with another model\n" + ORDER + CONSENT,
        HEAD + "operator: enrols Bert\n    state: Idle\n" + ORDER + CONSENT,
        HEAD + ORDER.replace("order coffee", "learn my voice") + CONSENT,
        HEAD + "given: Anna, Bert, Carla, Dora\n" + ORDER + CONSENT,
        HEAD + ORDER + "".join(CONSENT.replace("Anna", name) for name in ("Eve", "Fay", "Gus", "Hal")),
    ],
)
def test_what_is_not_said_plainly_or_by_too_many_is_not_spoken(tmp_path: Path, text: str) -> None:
    assert not can_be_spoken(written(tmp_path, text))


def test_what_is_said_plainly_is_spoken(tmp_path: Path) -> None:
    assert can_be_spoken(written(tmp_path, HEAD + ORDER + CONSENT))
    assert can_be_spoken(written(tmp_path, HEAD + "given: nobody is enrolled\n" + ORDER + CONSENT))


def test_thirty_are_chosen_from_all_over_the_files() -> None:
    found = chosen(WRITTEN, 30)
    assert len({conversation.name for conversation in found}) == 30
    assert len({conversation.file for conversation in found}) >= 8
    assert 0 < sum(conversation.adversarial for conversation in found) < 30
    assert chosen(WRITTEN, 30) == found


def test_an_order_that_is_not_written_is_counted_however_it_went(tmp_path: Path) -> None:
    conversation = written(tmp_path, HEAD + ORDER + CONSENT)
    ordered = "ordered coffee?roast=medium*1 for 19.00 by Anna"
    told = conversation._replace(then=("decided read_back, consented", ordered))
    queued = ("decided read_back, consented", ordered.replace("ordered", "queued"))
    held = [
        Held(told, Played((), told.then, ())),
        Held(told, Played((), queued, ("4: otherwise",))),
        Held(conversation, Played((), told.then, ("5: otherwise",))),
    ]
    assert spoken_counts(held) == {
        "spoken": 3,
        "as_written": 1,
        "adversarial": 0,
        "orders_written": 2,
        "orders_placed": 2,
        "orders_not_written": 1,
        "otherwise": {"One": "some.txt:5: otherwise"},
    }


class ScriptedEars:
    """Says in each frame what stands there for it."""

    def __init__(self, script: dict[int, messages.Message], goes_on_ms: int | None) -> None:
        self._script, self.may_go_on_ms = script, goes_on_ms
        self.heard = 0
        self.grammar_id, self.embeds, self.embeds_in_noise = EDITION.grammar_id, False, False
        self.listened: list[tuple[Any, ...]] = []

    def push(self, _: object, __: int) -> messages.Message | None:
        self.heard += 1
        return self._script.get(self.heard)

    def wait_for_wake(self) -> None:
        self.listened.append(())

    def listen(self, *what: Any) -> None:
        self.listened.append(what)


class NotedRoom:
    """A room that notes what it is told."""

    embeds = embeds_in_noise = True

    def __init__(self, listening: messages.Listen | None) -> None:
        self.listening = listening
        self.told: list[str] = []
        self.spoken = self.desk = self
        self.edition = EDITION

    def woken(self) -> None:
        self.told.append("woken")

    def went_on(self, _: int) -> None:
        self.told.append("went on")

    def silent(self, _: int) -> None:
        self.told.append("silent")

    def utterance(self, said: messages.Utterance) -> None:
        self.told.append(said.words)

    def speak(self, *, aloud: bool) -> None:
        assert not aloud
        self.told.append("said to nobody")


class Fixed(NamedTuple):
    """As `Hearing` without models."""

    ears: ScriptedEars
    known: tuple[Known, ...] = ()
    strangers: tuple[MadePerson, ...] = ()


def hears_in(script: dict[int, messages.Message], *, goes_on_ms: int | None, asked: bool) -> NotedRoom:
    room = NotedRoom(messages.Listen(7, "consent", 8_000) if asked else None)
    ears = ScriptedEars(script, goes_on_ms)
    SoundEar(Fixed(ears), lambda _: None).hears_nothing(room)  # type: ignore[arg-type]
    assert ears.listened == [(), *([(7, "consent", 8_000, ())] if asked else [])]
    assert ears.embeds and ears.embeds_in_noise
    return room


WOKEN, FIRST, WHOLE = messages.Woken(0.9), utterance(0, "order coffee"), utterance(0, "order coffee and tea")


@pytest.mark.parametrize(
    ("script", "goes_on_ms", "asked", "told"),
    [
        ({}, None, False, []),
        ({1: WOKEN, 2: FIRST, 3: WHOLE}, None, False, ["woken", "order coffee"]),
        (
            {1: WOKEN, 2: FIRST, 3: messages.WentOn(0), 4: WHOLE},
            100,
            False,
            ["woken", "order coffee", "went on", "said to nobody", "order coffee and tea"],
        ),
        ({2: messages.Silence(7), 3: WHOLE}, None, True, ["silent"]),
    ],
)
def test_what_the_ears_tell_reaches_the_dialogue(
    script: dict[int, messages.Message], goes_on_ms: int | None, asked: bool, told: list[str]
) -> None:
    room = hears_in(script, goes_on_ms=goes_on_ms, asked=asked)
    assert room.told == told
    assert (room.listening is None) == (bool(told) or not asked)


def test_whoever_is_known_has_the_voice_that_was_learned_and_strangers_have_others() -> None:
    people = [MadePerson("nothing", name) for name in ("one", "two")]
    known = [Known(person, Voiceprint("a", (1.0,))) for person in people]
    ear = SoundEar(Fixed(ScriptedEars({}, None), tuple(known)), lambda _: None)  # type: ignore[arg-type]
    assert ear.learned("Anna", "b") == Voiceprint("b", (1.0,))
    assert ear._people == {"Anna": people[0]}


SPOKEN = (
    "One product, read back and ordered",
    "A wrong PIN, and then the right one",
    "A stranger consents to somebody else's order",
    "A denial wins over the consent after it",
)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("flite"), reason="no flite: apt-get install flite")
def test_written_conversations_come_so_when_they_are_spoken() -> None:
    some = [conversation for conversation in WRITTEN if conversation.name in SPOKEN]
    assert len(some) == len(SPOKEN)
    counts = spoken_counts(hold_spoken(some, default_models_dir()))
    assert counts["orders_not_written"] == 0
    assert counts["as_written"] == counts["spoken"], counts["otherwise"]
    assert counts["orders_placed"] == counts["orders_written"] == 2


def test_ears_are_opened_for_each_conversation() -> None:
    opened: Callable[..., SoundEar] = Hearing.open
    ear = opened(Fixed(ScriptedEars({}, None)), "en", lambda _: None)
    assert isinstance(ear, SoundEar)
