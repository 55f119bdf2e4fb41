"""What the doctor says of the recogniser: which one hears, what is missing, what it cannot hear."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.commands.findings import Finding
from agent.commands.hearing_findings import hearing
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.lexicon import LEXICONS
from agent.deciding.unsayable import Unsayable, unanswerable
from agent.hearing.vosk_decoding import MODELS
from agent.model_store.manifest import load_manifest
from agent.model_store.pinning import pin_model
from agent.plumbing.errors import ModelError
from agent.plumbing.sentence_graph import normalise_text
from agent.plumbing.settings_file import default_models_dir, parse_settings
from tests.hearing.conftest import ROOT
from tests.models.test_pinning import FILES, archive

KOREAN_SHOP = ROOT / "order_backend" / "catalogues" / "corner_shop_ko.json"


def found(folder: Path, language: str, more: str = "", models_dir: Path | None = None) -> list[Finding]:
    text = (
        f'[device]\nlanguage = "{language}"\n[paths]\ncatalogue_file = "catalogue.json"\n'
        f'models_dir = "{models_dir or folder / "models"}"\n{more}'
    )
    return list(hearing(parse_settings(text, base=folder)))


def test_moonshine_hears_english_unless_vosk_is_asked_for(tmp_path: Path) -> None:
    assert found(tmp_path, "en") == [Finding("hearing", "ok", "moonshine hears 'en'")]
    [missing] = found(tmp_path, "en", '[asr]\nengine = "vosk"\n')
    assert missing.state == "bad"
    assert MODELS["en"] in missing.detail


@pytest.mark.parametrize("language", ["pl", "de"])
def test_a_model_that_nobody_has_pinned_is_missed_with_what_brings_it(tmp_path: Path, language: str) -> None:
    [missing] = found(tmp_path, language)
    assert missing.state == "bad"
    assert "model_missing" in missing.detail
    assert missing.next_step.startswith("download https://")
    assert f"earmark models pin {MODELS[language]}" in missing.next_step


def test_a_model_of_the_package_index_is_missed_with_what_fetches_it(tmp_path: Path) -> None:
    missing = found(tmp_path, "ko")
    assert {finding.state for finding in missing} == {"bad"}
    assert missing[0].next_step.startswith("earmark models fetch")


def test_a_pinned_model_that_is_none_is_damaged(tmp_path: Path) -> None:
    pin_model(load_manifest().model(MODELS["pl"]), archive(tmp_path / "pl.zip", FILES), tmp_path / "models")
    with pytest.raises(ModelError) as caught:
        found(tmp_path, "pl")
    assert caught.value.code == "model_damaged"


def test_a_model_that_is_there_is_named_and_so_is_what_it_cannot_hear(tmp_path: Path) -> None:
    if not (default_models_dir() / MODELS["ko"]).is_dir():
        pytest.skip(f"no {MODELS['ko']} here: earmark models fetch {MODELS['ko']}")
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_bytes(KOREAN_SHOP.read_bytes())
    heard = Finding("hearing", "ok", "vosk hears 'ko' with asr-vosk-small-ko")
    assert found(tmp_path, "ko", models_dir=default_models_dir()) == [heard]
    catalogue.write_text(
        KOREAN_SHOP.read_text(encoding="utf-8").replace("식용유", "갸륵휑뷁"), encoding="utf-8"
    )
    first, unheard = found(tmp_path, "ko", models_dir=default_models_dir())
    assert first == heard
    assert unheard.state == "note"
    assert unheard.detail.startswith("product cooking-oil ('갸륵휑뷁') cannot be ordered by voice")
    assert unheard.next_step


@pytest.mark.parametrize("language", LEXICONS)
def test_answers_and_sentences_that_a_vocabulary_lacks_are_named(language: str) -> None:
    assert list(unanswerable(language, lambda word: True)) == []
    first = normalise_text(ENROLMENT_PHRASES[language][0]).split()
    lexicon = LEXICONS[language]
    needed = {word for text in lexicon.consent_sentences for word in normalise_text(text).split()}
    assert [lacking.what for lacking in unanswerable(language, lambda word: False)][:3] == [
        *("consent", "consent to enrolment", "denial")
    ]
    (consent, *_) = unanswerable(language, lambda word: word not in needed)
    assert (consent.what, consent.say) == ("consent", lexicon.consent_sentences[0])
    lacking = list(unanswerable(language, lambda word: word != first[1]))
    assert Unsayable("sentence of enrolment 1", ENROLMENT_PHRASES[language][0], (first[1],)) in lacking
