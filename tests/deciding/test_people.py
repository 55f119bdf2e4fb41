"""Verification, policy of voices, and enrolment: nobody is taken for somebody else."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.deciding.conversation import Say
from agent.deciding.enrolment import MOST_FAILURES, Enrolling, Heard, advance, begin
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.understanding import Answer, Meaning, NotUnderstood, PhraseRead
from agent.deciding.verification import (
    Embedding,
    Verdict,
    Voice,
    Voiceprint,
    consenter,
    cosine,
    make_template,
    pooled,
    same_speaker,
    score,
    verify,
)
from agent.plumbing.sentence_graph import normalise_text
from agent.plumbing.settings import Speaker
from agent.plumbing.speaker_models import GE2E

LIMITS = Speaker()
ANNA, BERT = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
PEOPLE = {"p-anna": Voiceprint(GE2E, ANNA), "p-bert": Voiceprint(GE2E, BERT)}


def _verify(
    embedding: tuple[float, ...] | None,
    speech_ms: int = 3000,
    snr_db: float | None = 30.0,
    people: dict[str, Voiceprint] = PEOPLE,
    model: str = GE2E,
    limits: Speaker = LIMITS,
) -> Verdict:
    return verify(
        Voice(embedding, speech_ms, snr_db, model),
        shortest_ms=1500,
        people=people,
        accept_cosine=limits.thresholds.accept_cosine,
        limits=limits,
    )


def _at(degrees: float) -> tuple[float, float, float]:
    """A voice so far from Anna's, towards Bert's."""
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees)), 0.0


def test_the_nearest_enrolled_person_is_found_and_nobody_else() -> None:
    assert _verify((0.95, 0.1, 0.0)) == Verdict("p-anna")
    assert _verify((0.0, 0.9, 0.1)) == Verdict("p-bert")
    assert _verify((0.0, 0.0, 1.0)) == Verdict(reason="unknown_voice")


def test_outside_what_was_measured_nobody_is_verified() -> None:
    assert _verify(ANNA, speech_ms=1499) == Verdict(reason="too_short")
    assert _verify(None) == Verdict(reason="too_short")
    assert _verify(ANNA, snr_db=LIMITS.lowest_snr_db - 1) == Verdict(reason="too_noisy")
    assert _verify(ANNA, snr_db=LIMITS.lowest_snr_db) == Verdict("p-anna")
    assert _verify(ANNA, snr_db=math.nan) == Verdict(reason="too_noisy")
    assert _verify(ANNA, snr_db=None) == Verdict(reason="too_noisy"), "what was not measured is not quiet"
    assert _verify(ANNA, people={}) == Verdict(reason="nobody_enrolled")


def _said(embedding: tuple[float, ...] | None, speech_ms: int, snr_db: float | None = 30.0) -> Voice:
    return Voice(embedding, speech_ms, snr_db, GE2E)


def test_a_long_order_by_anna_carries_no_consent_of_somebody_else() -> None:
    order = _said(ANNA, 60_000)
    stranger = _said(_at(60.0), 800)
    together = pooled(order, stranger)
    assert together is not None
    assert score(together, PEOPLE["p-anna"]) > 0.99, "pooled alone it would pass"
    assert consenter(order, stranger, PEOPLE, LIMITS) == Verdict(reason="unknown_voice")
    assert consenter(order, _said(BERT, 800), PEOPLE, LIMITS).person != "p-anna"
    assert consenter(order, _said(ANNA, 800), PEOPLE, LIMITS) == Verdict("p-anna")


def test_a_consent_is_nobodys_where_order_and_consent_together_are_too_far_from_the_person() -> None:
    far = math.degrees(math.acos(LIMITS.thresholds.accept_consent_cosine)) - 1.0
    assert consenter(_said(ANNA, 2_500), _said(_at(far), 800), PEOPLE, LIMITS) == Verdict("p-anna")
    assert consenter(_said(_at(far), 2_500), _said(_at(far), 800), PEOPLE, LIMITS) == Verdict(
        reason="unknown_voice"
    )


def test_without_an_order_or_outside_the_measured_range_nobody_consents() -> None:
    order = _said(ANNA, 2_500)
    assert consenter(order, _said(ANNA, 600), PEOPLE, LIMITS) == Verdict(reason="too_short")
    assert consenter(order, _said(ANNA, 800, 1.0), PEOPLE, LIMITS) == Verdict(reason="too_noisy")
    assert consenter(order, _said(ANNA, 800, None), PEOPLE, LIMITS) == Verdict(reason="too_noisy")
    assert not consenter(_said(None, 0, None), _said(ANNA, 800), PEOPLE, LIMITS).person
    assert not consenter(_said((math.nan, 0.0, 0.0), 2_500), _said(ANNA, 800), PEOPLE, LIMITS).person
    assert pooled(_said((1.0, 0.0), 2_500), _said(ANNA, 800)) is None


def test_of_two_alike_the_nearer_is_named_only_when_it_is_clearly_nearer() -> None:
    twins = {"p-anna": Voiceprint(GE2E, _at(0.0)), "p-anne": Voiceprint(GE2E, _at(30.0))}
    assert score(_at(15.0), twins["p-anna"]) > LIMITS.thresholds.accept_cosine
    assert _verify(_at(15.0), people=twins) == Verdict(reason="unknown_voice")
    assert _verify(_at(5.0), people=twins) == Verdict("p-anna")
    assert _verify(_at(25.0), people=twins) == Verdict("p-anne")
    assert _verify(_at(15.0), people={"p-anna": twins["p-anna"]}) == Verdict("p-anna")


def test_a_voice_in_noise_is_near_the_template_in_noise_and_a_clean_one_near_the_clean() -> None:
    anna = Voiceprint(GE2E, _at(0.0), in_noise=_at(50.0))
    assert score(_at(0.0), anna) == pytest.approx(1.0)
    assert score(_at(50.0), anna) == pytest.approx(1.0)
    assert score(_at(50.0), Voiceprint(GE2E, _at(0.0))) == pytest.approx(math.cos(math.radians(50.0)))
    assert _verify(_at(52.0), people={"p-anna": anna}) == Verdict("p-anna")


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=3, max_size=4))
@example([1.7e308, 1.7e308, 1.7e308])
@example([math.inf, -math.inf, 0.0])
def test_strange_numbers_never_verify_by_accident(values: list[float]) -> None:
    template = make_template([(0.6, 0.6, 0.6)])
    nearness = cosine(tuple(values), template)
    assert math.isfinite(nearness)
    if any(not math.isfinite(value) for value in values) or len(values) != 3:
        assert nearness == score(tuple(values), Voiceprint(GE2E, template, template)) == 0.0


def test_a_change_of_speaker_is_noticed() -> None:
    anna, bert, nobody = (_said(embedding, 2_500) for embedding in (ANNA, BERT, None))
    assert same_speaker(anna, _said((0.9, 0.1, 0.0), 800), LIMITS)
    assert not same_speaker(anna, bert, LIMITS)
    assert not same_speaker(nobody, anna, LIMITS)
    assert not same_speaker(anna, nobody, LIMITS)


ECAPA = "speaker-ecapa:0575cb64845e"
ECAPA_LIMITS = Speaker(
    model="speaker-ecapa",
    accept_cosine=0.5,
    accept_consent_cosine=0.4,
    runner_up_margin_cosine=0.05,
    same_speaker_cosine=0.3,
)


@pytest.mark.parametrize(
    ("model", "limits"),
    [
        (ECAPA, ECAPA_LIMITS),
        (ECAPA, LIMITS),
        (GE2E, ECAPA_LIMITS),
        ("", LIMITS),
        ("speaker-ge2e:other-weights", LIMITS),
    ],
    ids=["other model", "its voice, old limits", "its limits, old voice", "not known", "other weights"],
)
def test_a_voiceprint_is_never_compared_with_what_another_model_made(model: str, limits: Speaker) -> None:
    """Even where the numbers are the very same."""
    changed = Verdict(reason="voice_model_changed")
    assert _verify(ANNA, model=model, limits=limits) == changed
    order, consent = Voice(ANNA, 2_500, 30.0, model), Voice(ANNA, 800, 30.0, model)
    assert consenter(order, consent, PEOPLE, limits) == changed
    learned_anew = {"p-anna": Voiceprint(model, ANNA)}
    if limits.model == "speaker-ecapa" and model == ECAPA:
        assert _verify(ANNA, model=model, limits=limits, people=learned_anew) == Verdict("p-anna")


def test_beside_voices_of_another_model_only_those_of_this_one_are_known() -> None:
    people = {**PEOPLE, "p-carl": Voiceprint(ECAPA, (0.0, 0.0, 1.0))}
    known = {"model": ECAPA, "limits": ECAPA_LIMITS, "people": people}
    assert _verify((0.0, 0.0, 1.0), **known) == Verdict("p-carl")  # type: ignore[arg-type]
    assert _verify(ANNA, **known) == Verdict(reason="unknown_voice")  # type: ignore[arg-type]


def test_order_and_consent_of_two_models_are_neither_one_voice_nor_pooled() -> None:
    order, consent = Voice(ANNA, 2_500, 30.0, GE2E), Voice(ANNA, 800, 30.0, ECAPA)
    assert not same_speaker(order, consent, LIMITS)
    assert pooled(order, consent) is None
    people = {"p-anna": Voiceprint(ECAPA, ANNA)}
    assert not consenter(order, consent, people, ECAPA_LIMITS).person


def test_a_template_has_unit_length() -> None:
    assert math.hypot(*make_template([ANNA, BERT])) == pytest.approx(1.0)
    with pytest.raises(ValueError, match="cancel"):
        make_template([ANNA, (-1.0, 0.0, 0.0)])


def _heard(
    meaning: Meaning | None,
    embedding: Embedding | None = ANNA,
    in_noise: Embedding | None = None,
    *,
    said: str = "",
    speech_ms: int = 2_000,
    snr_db: float | None = 30.0,
) -> Heard:
    return Heard(meaning, Voice(embedding, speech_ms, snr_db, GE2E), in_noise, said)


def _reading(*embeddings: tuple[float, ...]) -> Enrolling:
    return Enrolling("Anna", "en", GE2E, ANNA, embeddings)


def test_nothing_is_learned_before_an_explicit_consent_with_a_voice() -> None:
    state, say, learned = begin("Anna", "en", GE2E)
    assert state is not None
    assert say == Say("enrol_consent", "enrol")
    for heard in (
        _heard(Answer("bare")),
        _heard(PhraseRead(0)),
        _heard(NotUnderstood(), said=ENROLMENT_PHRASES["en"][0]),
        _heard(Answer("consent"), None),
        _heard(Answer("consent"), (math.nan, 0.0, 0.0)),
        Heard(None),
    ):
        after, _, learned = advance(state, heard, LIMITS)
        assert learned is None
        assert after is not None
        assert after.agreed is None
    after, say, _ = advance(state, _heard(Answer("consent")), LIMITS)
    assert after is not None
    assert after.agreed == ANNA
    assert say == Say("enrol_read", "phrase")


def test_a_no_at_any_time_ends_it_with_nothing_kept() -> None:
    for state in (Enrolling("Anna", "en", GE2E), _reading(), _reading(ANNA, ANNA)):
        for said in ("", "no i do not want that", "stop it please"):
            heard = _heard(Answer("denial"), said=said)
            assert advance(state, heard, LIMITS) == (None, Say("enrol_declined"), None)


def test_enough_sentences_in_one_voice_make_a_template() -> None:
    state: Enrolling | None = _reading()
    for number in range(LIMITS.enrolment_sentences):
        assert state is not None
        assert state.phrase == ENROLMENT_PHRASES["en"][number]
        heard = _heard(PhraseRead(number), ANNA, _at(20.0 + number))
        state, say, learned = advance(state, heard, LIMITS)
    assert state is None
    assert say.key == "enrol_done"
    assert learned is not None
    assert learned.voiceprint.model == GE2E
    assert learned.voiceprint.clean == pytest.approx(ANNA)
    assert learned.voiceprint.in_noise == pytest.approx(_at(22.0))


@pytest.mark.parametrize("language", ENROLMENT_PHRASES)
def test_a_voice_is_learned_from_sentences_of_the_language_that_is_heard(language: str) -> None:
    state, _, _ = begin("Anna", language, GE2E)
    assert state is not None
    state, _, _ = advance(state, _heard(Answer("consent")), LIMITS)
    for number in range(LIMITS.enrolment_sentences):
        assert state is not None
        assert state.phrase == ENROLMENT_PHRASES[language][number]
        heard = _heard(PhraseRead(number)) if number else _heard(None, said=normalise_text(state.phrase))
        state, say, learned = advance(state, heard, LIMITS)
    assert say.key == "enrol_done"
    assert learned is not None


@pytest.mark.parametrize(
    "said",
    [
        "ok not be ordered to beps of coffee",  # as synthetic voices were heard
        "dont they not be ordered to bags of coffee",
        "ok not before the two packed hot coffee",
        "ok im ordered to man hunt coffee",
    ],
)
@pytest.mark.parametrize("meaning", [NotUnderstood(), Answer("denial")])
def test_a_sentence_that_sounds_about_like_it_teaches_the_voice(said: str, meaning: Meaning) -> None:
    state, say, _ = advance(_reading(), _heard(meaning, said=said), LIMITS)
    assert state is not None
    assert state.embeddings == (ANNA,)
    assert say.key == "enrol_read"


@pytest.mark.parametrize(
    "said",
    ["", "what was that", "the weather in the mountains was terrible yesterday", "my voice is the key"],
)
def test_other_talk_teaches_nothing(said: str) -> None:
    state, say, _ = advance(_reading(), _heard(NotUnderstood(), said=said), LIMITS)
    assert state is not None
    assert state.embeddings == ()
    assert say.key == "enrol_again"


def test_beside_a_voice_of_another_model_nobody_is_learned_for_it_could_be_the_same_person() -> None:
    state: Enrolling | None = _reading()
    for number in range(LIMITS.enrolment_sentences):
        assert state is not None
        known = [Voiceprint(ECAPA, BERT)]
        state, say, learned = advance(state, _heard(PhraseRead(number)), LIMITS, known)
    assert (state, learned, say.key) == (None, None, "enrol_known")


@pytest.mark.parametrize("in_noise", [None, (), (0.0, 0.0, 0.0), (math.nan, 0.0, 0.0), (1.0, 0.0)])
def test_without_every_sentence_in_noise_the_clean_voice_alone_is_kept(
    in_noise: tuple[float, ...] | None,
) -> None:
    state: Enrolling | None = _reading()
    for number in range(LIMITS.enrolment_sentences):
        assert state is not None
        copies = in_noise if number == 2 else _at(20.0)
        state, _, learned = advance(state, _heard(PhraseRead(number), ANNA, copies), LIMITS)
    assert learned is not None
    assert learned.voiceprint.clean == pytest.approx(ANNA)
    assert learned.voiceprint.in_noise is None


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (_heard(PhraseRead(1), BERT), "enrol_other_voice"),
        (_heard(PhraseRead(1), snr_db=LIMITS.lowest_snr_db - 1), "enrol_too_noisy"),
        (_heard(PhraseRead(1), snr_db=None), "enrol_too_noisy"),
        (_heard(PhraseRead(1), speech_ms=LIMITS.shortest_enrolment_ms - 1), "enrol_again"),
        (_heard(PhraseRead(0)), "enrol_again"),
        (_heard(PhraseRead(1), None), "enrol_again"),
        (Heard(None), "enrol_again"),
    ],
)
def test_what_cannot_be_used_is_asked_for_again_with_the_reason(heard: Heard, said: str) -> None:
    after, say, learned = advance(_reading(ANNA), heard, LIMITS)
    assert after is not None
    assert after.embeddings == (ANNA,)
    assert say == Say(said, "phrase")
    assert learned is None


def test_a_voice_of_another_model_is_not_learned() -> None:
    other = Heard(PhraseRead(1), Voice(ANNA, 2_000, 30.0, ECAPA))
    after, say, _ = advance(_reading(ANNA), other, LIMITS)
    assert after is not None
    assert after.embeddings == (ANNA,)
    assert say.key == "enrol_again"
    agreed, _, _ = advance(Enrolling("Anna", "en", GE2E), replace(other, meaning=Answer("consent")), LIMITS)
    assert agreed is not None
    assert agreed.agreed is None


def test_the_voice_that_agreed_is_the_one_that_is_learned() -> None:
    state, _, _ = advance(Enrolling("Anna", "en", GE2E), _heard(Answer("consent"), ANNA), LIMITS)
    assert state is not None
    after, say, _ = advance(state, _heard(PhraseRead(0), BERT), LIMITS)
    assert after is not None
    assert after.embeddings == ()
    assert say.key == "enrol_other_voice"


@pytest.mark.parametrize("before", [(), (ANNA,)])
@pytest.mark.parametrize(
    "forged", [(), (0.0, 0.0, 0.0), (math.nan, 0.0, 0.0), (math.inf, 0.0, 0.0), (1e308, 1e308, 1e308)]
)
def test_what_no_encoder_gives_is_not_learned(
    before: tuple[tuple[float, ...], ...], forged: tuple[float, ...]
) -> None:
    after, say, learned = advance(_reading(*before), _heard(PhraseRead(len(before)), forged), LIMITS)
    assert after is not None
    assert after.embeddings == before
    assert say.key == "enrol_again"
    assert learned is None


def test_repeated_failures_end_it() -> None:
    state: Enrolling | None = _reading()
    for _ in range(MOST_FAILURES):
        assert state is not None
        state, say, _ = advance(state, Heard(None), LIMITS)
    assert state is None
    assert say.key == "enrol_failed"
