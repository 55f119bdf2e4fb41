"""What has come of something is shown by a lamp and in one line, and "ordered" only where it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from agent.commands.status import WORDS
from agent.deciding.reply_words import REPLIES
from agent.deciding.signals import signal_of
from agent.plumbing import messages
from agent.till.signals import PATTERNS, STAYS_MS, Lamp, Signals
from tests.till.kit import Till

Timer = tuple[int, Callable[[], None]]


@pytest.fixture
def leds(tmp_path: Path) -> Path:
    (tmp_path / "kitchen:green").mkdir()
    (tmp_path / "kitchen:green" / "max_brightness").write_text("255\n")
    (tmp_path / "kitchen:green" / "brightness").write_text("0\n")
    return tmp_path


def brightness(leds: Path) -> str:
    return (leds / "kitchen:green" / "brightness").read_text().strip()


def test_the_lamp_blinks_the_pattern_of_what_is_shown(leds: Path) -> None:
    timers: list[Timer] = []
    signals = Signals(Lamp("kitchen:green", leds), lambda ms, then: timers.append((ms, then)))
    signals.show("queued")
    seen = []
    for _ in range(4):
        seen.append(brightness(leds))
        [(ms, blink)] = [timer for timer in timers if timer[0] == 500]
        timers.remove((ms, blink))
        blink()
    assert seen == ["255", "0", "255", "0"]
    [stays] = [then for ms, then in timers if ms == STAYS_MS]
    stays()
    assert (signals.now, brightness(leds)) == ("ready", "0")


def test_a_later_outcome_is_not_cut_short_by_an_earlier_one(leds: Path) -> None:
    timers: list[Timer] = []
    signals = Signals(Lamp("kitchen:green", leds), lambda ms, then: timers.append((ms, then)))
    signals.show("heard")
    signals.show("ordered")
    for _, then in timers:
        if _ == STAYS_MS:
            then()
            break
    assert signals.now == "ordered"


def test_a_deaf_device_shows_it_when_nothing_else_is(leds: Path) -> None:
    timers: list[Timer] = []
    signals = Signals(Lamp("kitchen:green", leds), lambda ms, then: timers.append((ms, then)))
    signals.rest("deaf")
    assert signals.now == "deaf"
    signals.show("refused")
    signals.rest("ready")
    assert signals.now == "refused"
    [then for ms, then in timers if ms == STAYS_MS][-1]()
    assert signals.now == "ready"


def test_a_lamp_that_cannot_be_lit_is_told_once(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    lamp = Lamp("missing", tmp_path)
    lamp.light(True)
    lamp.light(False)
    assert capfd.readouterr().err.count("lamp_dark") == 1


def test_every_signal_has_a_pattern_of_its_own_and_a_line() -> None:
    assert len(set(PATTERNS.values())) == len(PATTERNS)
    assert PATTERNS.keys() == WORDS.keys()


def test_ordered_is_shown_for_a_receipt_and_nothing_else() -> None:
    keys = set(REPLIES["en"])
    assert {key for key in keys if signal_of(key) == "ordered"} == {"ordered", "announce_ordered"}
    assert signal_of("queued") == "queued"
    assert signal_of("read_back") is None
    for key in ("refused_other_voice", "shop_refused", "an_error_that_no_reply_knows", "day_over_limit"):
        assert signal_of(key) == "refused"
    assert {key for key in keys if signal_of(key) == "refused"} >= {
        key for key in keys if key.startswith(("refused_", "shop_"))
    } - {"shop_over_agreed", "shop_other_lines", "shop_forgotten"}
    assert signal_of("shop_over_agreed") == signal_of("shop_other_lines") == "disputed"


def test_the_outcome_is_heard_before_its_sentence(till: Till) -> None:
    till.wake_and_say("order a carton of milk", None)
    [said] = [message for message in till.sent if isinstance(message, messages.Say)]
    assert said.earcon == "refused"
    till.wake_and_say("order a carton of milk")
    assert [message for message in till.sent if isinstance(message, messages.Say)][-1].earcon == ""
