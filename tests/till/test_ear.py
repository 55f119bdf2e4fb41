"""A device that cannot hear says so once, not at night, and says when it hears again."""

from __future__ import annotations

import msgspec
import pytest

from agent.deciding.conversation import Say
from agent.deciding.replies import Hears, render
from agent.plumbing.settings import Proposals
from agent.till.ear import TROUBLES, Ear
from tests.till.kit import Till


def ear_of(till: Till) -> Ear:
    never_quiet = Proposals(quiet_from="00:00", quiet_until="00:00")
    till.desk.settings = msgspec.structs.replace(till.desk.settings, proposals=never_quiet)
    return Ear(till.desk, till.spoken.announce, lambda *_: None)


@pytest.mark.parametrize("code", TROUBLES)
def test_a_trouble_and_its_end_are_said_once(till: Till, code: str) -> None:
    ear = ear_of(till)
    for _ in range(2):
        ear.faulted(code, "for 3000 ms")
        ear.look()
        ear.look()
        ear.mended(code)
        ear.look()
        ear.look()
    said = [message.text for message in till.sent if hasattr(message, "text")]
    assert len(said) == 4
    assert said[0] == said[2] != said[1] == said[3] == "I can hear again."
    assert ear.faults == {code: 2}


def test_at_night_it_is_shown_and_not_said(till: Till) -> None:
    ear = ear_of(till)
    whole_day = Proposals(quiet_from="00:00", quiet_until="23:59")
    till.desk.settings = msgspec.structs.replace(till.desk.settings, proposals=whole_day)
    ear.faulted("audio_no_frames", "")
    ear.look()
    assert not till.sent
    assert ear.trouble == "audio_no_frames"


def test_what_was_never_said_needs_no_end(till: Till) -> None:
    ear = ear_of(till)
    ear.faulted("audio_no_frames", "")
    ear.mended("audio_no_frames")
    ear.look()
    ear.faulted("grammar_invalid", "")
    ear.look()
    assert not till.sent
    assert ear.trouble == ""
    assert ear.faults == {"audio_no_frames": 1, "grammar_invalid": 1}


def test_another_voice_begins_well(till: Till) -> None:
    ear = ear_of(till)
    ear.faulted("audio_all_zero", "")
    ear.anew()
    assert ear.trouble == ""


@pytest.mark.parametrize("language", ["en", "pl"])
def test_both_languages_have_the_words(language: str) -> None:
    for key in {*TROUBLES.values(), "ear_well"}:
        assert render(Say(key), language, "PLN", Hears("okay nabu", language))
