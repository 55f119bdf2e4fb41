"""Speech that answers nothing, heard where the device has asked something: what it would be taken for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from agent.bench.recordings import recordings
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.enrolment import Heard, is_read
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.sentences import compile_sentences
from agent.deciding.understanding import Answer, understand
from agent.hearing.audio import SAMPLE_RATE, Float32, read_audio_file
from agent.hearing.recogniser import Recogniser
from agent.plumbing.settings import Asr

_LANGUAGE = "en"
_PIECES_SECONDS = (1.2, 2.7)  # an answer, and an enrolment sentence
_EVERY_SECONDS = 6.0
_MOST_OF_ONE = 3


def run_other_talk(models_dir: Path, catalogue: Path, folder: Path) -> dict[str, Any]:
    """{"answers": {"pieces": n, "consent": n, "bare": n, "denial": n, "later": n, "none": n}, "readings":
    {"pieces": n, "taken": n}}

    Pieces of the recordings under `folder`: as answers to "shall I order?", at the default gate (a bare yes
    places nothing, and is asked for as a sentence), and against each sentence of enrolment (`taken` counts
    comparisons in which one would be taken for a reading, of `pieces` times six). Raises AudioError
    (bench_set_invalid, audio_…), ModelError.
    """
    asr, sold = Asr(), parse_catalogue(catalogue.read_bytes())
    graph = compile_sentences(sold, _LANGUAGE)
    recogniser, parser = Recogniser.from_settings(models_dir, asr), SentenceParser(graph)
    recogniser.use(graph)
    answers: Counter[str] = Counter()
    readings: Counter[str] = Counter()
    for path in recordings(folder):
        samples = read_audio_file(path)
        for piece in _pieces(samples, _PIECES_SECONDS[0]):
            heard = recogniser.recognise(piece, "consent")
            words = heard.words if heard.gap_per_token >= asr.reject_gap_per_token else ""
            meaning = understand(parser, sold, "consent", words, heard.open_words)
            answers[meaning.kind if isinstance(meaning, Answer) else "none"] += 1
        for piece in _pieces(samples, _PIECES_SECONDS[1]):
            heard = recogniser.recognise(piece, "phrase")
            words = heard.words if heard.gap_per_token >= asr.reject_gap_per_token else ""
            meaning = understand(parser, sold, "phrase", words, heard.open_words)
            said = Heard(meaning, open_words=heard.open_words)
            readings["pieces"] += 1
            phrases = ENROLMENT_PHRASES[_LANGUAGE]
            readings["taken"] += sum(is_read(phrase, said, _LANGUAGE) for phrase in phrases)
    kinds = ("consent", "bare", "denial", "later", "none")
    return {
        "answers": {"pieces": answers.total(), **{kind: answers[kind] for kind in kinds}},
        "readings": {"pieces": readings["pieces"], "taken": readings["taken"]},
    }


def _pieces(samples: Float32, seconds: float) -> Iterator[Float32]:
    length = int(seconds * SAMPLE_RATE)
    begins = range(0, len(samples) - length + 1, int(_EVERY_SECONDS * SAMPLE_RATE))
    for begin in list(begins)[:_MOST_OF_ONE]:
        yield np.ascontiguousarray(samples[begin : begin + length])
