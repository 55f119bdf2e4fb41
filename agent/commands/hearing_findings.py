"""What `earmark doctor` finds about the recogniser and the speaker model: which one hears the device's
language, which products and answers it cannot hear, and which model tells voices apart."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from agent.commands.findings import Finding
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentences import compile_sentences
from agent.deciding.unsayable import unanswerable, unsayable
from agent.model_store.manifest import load_manifest
from agent.model_store.verify import model_problems
from agent.plumbing.settings import Settings, Speaker
from agent.plumbing.speaker_models import MEASURED
from agent.till.catalogue_store import served_file

_MOST_NAMED = 20


def hearing(settings: Settings) -> Iterator[Finding]:
    """Raises ModelError and CatalogueError."""
    language, models_dir = settings.device.language, Path(settings.paths.models_dir)
    engine = settings.asr.engine_for(language)
    if engine == "moonshine":
        yield Finding("hearing", "ok", f"moonshine hears {language!r}")
        return
    from agent.hearing.vosk_decoding import MODELS
    from agent.hearing.vosk_recogniser import VoskRecogniser

    if language in MODELS:
        problems = list(model_problems(models_dir, load_manifest().model(MODELS[language]), by_hash=False))
        for problem in problems:
            yield Finding("hearing", "bad", f"{problem.detail} ({problem.code})", problem.next_step)
        if problems:
            return
    recogniser = VoskRecogniser(models_dir, language)
    yield Finding("hearing", "ok", f"vosk hears {language!r} with {MODELS[language]}")
    path = served_file(settings.paths)
    if not path.exists():
        return
    catalogue = parse_catalogue(path.read_bytes(), name=path.name)
    graph = compile_sentences(catalogue, language)
    for what, say, unknown in unanswerable(language, lambda word: recogniser.knows(word, graph)):
        detail = f"{what} ({say!r}) cannot be heard: the model does not know {', '.join(unknown)}"
        yield Finding("hearing", "bad", detail, f"use another model than {MODELS[language]}")
    unheard = list(unsayable(catalogue, language, lambda word: recogniser.knows(word, graph)))
    for what, say, unknown in unheard[:_MOST_NAMED]:
        detail = f"{what} ({say!r}) cannot be ordered by voice: the model does not know {', '.join(unknown)}"
        yield Finding("hearing", "note", detail, "add a name that it knows under 'hear' in the catalogue")
    if len(unheard) > _MOST_NAMED:
        yield Finding("hearing", "note", f"{len(unheard) - _MOST_NAMED} more cannot be ordered by voice")


def voices(settings: Settings) -> Iterator[Finding]:
    """Raises ModelError: manifest_invalid."""
    speaker = settings.speaker
    model = load_manifest().model(speaker.model)
    problems = list(model_problems(Path(settings.paths.models_dir), model, by_hash=False))
    for problem in problems:
        yield Finding(
            "voices", "bad", f"{speaker.model}: {problem.detail} ({problem.code})", problem.next_step
        )
    if not problems:
        where = "as measured" if _as_measured(speaker) else "of the settings"
        yield Finding("voices", "ok", f"{speaker.model} tells voices apart, at the thresholds {where}")


def _as_measured(speaker: Speaker) -> bool:
    return MEASURED.get(speaker.model) == speaker.thresholds
