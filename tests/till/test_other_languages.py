"""A device that hears Polish: it asks for what it listens for, and learns voices by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.plumbing.settings import Wake
from agent.till.typed import TypedDialogue
from tests.committing.kit import make_bench
from tests.till.kit import BERT, Till, make_till

CONSENT = "tak złóż moje zamówienie"


@pytest.fixture
def polish(tmp_path: Path) -> Iterator[Till]:
    bench = make_bench(tmp_path)
    device = msgspec.structs.replace(bench.settings.device, language="pl")
    settings = msgspec.structs.replace(bench.settings, device=device, wake=Wake(phrase="alexa"))
    yield make_till(replace(bench, settings=settings), tmp_path)
    bench.desk.close()
    bench.journal.close()


def test_a_whole_order_in_polish(polish: Till) -> None:
    polish.wake_and_say("poproszę dwie paczki ciemno palonej kawy")
    assert polish.said.startswith("Dwie paczki ciemno palonej kawy, razem trzydzieści osiem złotych.")
    assert "Powiedz: tak, złóż moje zamówienie." in polish.said
    polish.answer(CONSENT)
    polish.deliver()
    assert polish.said.startswith("Zamówione: dwie paczki ciemno palonej kawy.")


def test_a_voice_is_learned_in_polish(polish: Till) -> None:
    polish.spoken.begin_enrolment("Ola")
    assert "powiedz: tak, naucz się mojego głosu. Albo powiedz: nie." in polish.said
    polish.answer("tak naucz się mojego głosu", BERT)
    for number in range(polish.desk.settings.speaker.enrolment_sentences):
        assert polish.said.endswith(f"{ENROLMENT_PHRASES['pl'][number]}.")
        polish.answer(ENROLMENT_PHRASES["pl"][number], BERT)
    assert polish.steps[-1] == ("Dziękuję, Ola. Znam już Twój głos.", True, True)


@pytest.mark.parametrize(
    ("language", "order", "told"),
    [
        ("en", "order a pack of butter", "says to the device: alexa, tak, złóż moje zamówienie."),
        ("pl", "poproszę masło", "mówi do urządzenia: alexa, tak, złóż moje zamówienie."),
    ],
)
def test_whoever_types_is_told_what_the_device_hears(
    polish: Till, language: str, order: str, told: str
) -> None:
    replies: list[str] = []
    polish.typed = TypedDialogue(polish.desk, language, replies.append, polish.what_is_low)
    polish.typed.typed(order)
    assert replies[-1].endswith(told)
    polish.typed.typed("yes" if language == "en" else "tak")
    assert replies[-1].endswith(told)
    polish.wake_and_say(CONSENT)
    polish.answer(CONSENT)
    assert polish.desk.journal.orders()[0].state == "queued"
