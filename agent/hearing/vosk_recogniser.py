"""Vosk (Kaldi) for languages that Moonshine does not hear: the same grammar, an open decode as the gate.

Vosk turns a list of sentences into a bigram model over its own vocabulary, so what it returns is looked up
in the graph, best first. Its confidences are no gate (vosk-api #1339, #2041: a word that is not in the
vocabulary comes back as another one, with confidence 1.0): the log likelihoods of a decode with the grammar
and of one with the shortest words of the vocabulary, which can spell out anything, are compared, per letter
(docs/adr/0027). Its log, at any level, names words of a grammar that it does not know; these never reach it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from agent.hearing.audio import to_int16
from agent.hearing.moonshine import Float32
from agent.hearing.open_words import denial_words, open_words
from agent.hearing.recognition import NO_SENTENCE_GAP, Alternative, Draft, Recognition
from agent.hearing.vosk_decoding import Decoder, load_vosk_model
from agent.hearing.word_graph import WordGraph
from agent.plumbing.errors import AudioError
from agent.plumbing.sentence_graph import SentenceGraph, graph_of_phrases, normalise_text

_NEAREST = 200  # most of them are no sentence
_AHEAD = 1.5
"""Nats a letter that a sentence may lie ahead of its spelling in short words: each of those is one of
hundreds, and pays for that."""

_AHEAD_OF_LANGUAGE = 0.85
"""The same where the vendor's language model has to stand in for them, so that one gate serves both."""
_SHORTEST_SAMPLES = 1_600


class VoskRecogniser:
    """The model of `language` as it lies in `models_dir`, about 530 MB. Not thread-safe.

    Raises ModelError: model_missing (also where models.toml has none for the language), model_damaged,
    engine_missing (the extra `vosk` is not installed).
    """

    def __init__(self, models_dir: Path, language: str) -> None:
        self._language = language
        self._model = load_vosk_model(models_dir, language)
        self._open, self._ahead = Decoder(self._model, None, nearest=1), _AHEAD_OF_LANGUAGE
        self._graph: SentenceGraph | None = None
        self._phrases: WordGraph | None = None
        self._phrase_entry = ""
        self._words = WordGraph(SentenceGraph(language, {}, [], [], []))
        self._decoders: dict[str, Decoder | None] = {}

    def use(self, graph: SentenceGraph) -> None:
        """Replaces the grammar. Raises AudioError('grammar_invalid')."""
        if graph.language != self._language:
            raise AudioError(
                "grammar_invalid", f"this model hears {self._language!r}, not {graph.language!r}"
            )
        if not graph.entries:
            raise AudioError("grammar_invalid", "the grammar has no entry")
        self._words = WordGraph(graph, lambda word: self.knows(word, graph))
        self._graph, self._phrases, self._phrase_entry = graph, None, ""
        self._decoders = {}
        self._open, self._ahead = self._opened(graph)

    def use_phrases(self, entry: str, phrases: Iterable[str]) -> None:
        """Beside the grammar, `phrases` (normalised) as the only sentences of `entry`; replaces those of an
        earlier call."""
        graph = graph_of_phrases(entry, phrases)
        self._decoders.pop(self._phrase_entry, None)
        self._decoders.pop(entry, None)
        self._phrases, self._phrase_entry = (
            WordGraph(graph, lambda word: self.knows(word, self._graph)),
            entry,
        )

    @property
    def entries(self) -> frozenset[str]:
        """What can be listened for; empty before `use`."""
        if self._graph is None:
            return frozenset()
        return frozenset(self._graph.entries) | ({self._phrase_entry} - {""})

    @property
    def unknown_words(self) -> frozenset[str]:
        """Words of the grammar that nobody can say to this model."""
        return self._words.unknown_words

    def knows(self, word: str, graph: SentenceGraph | None = None) -> bool:
        """Whether any spelling of the normalised `word` is in the model's vocabulary."""
        return bool(self._spellings(word, graph))

    def expect(self, entry: str) -> None:
        """Nothing of it rests."""

    def rest(self) -> None:
        """It is one model, and loading it takes seconds: it stays."""

    def recognise(self, samples: Float32, entry: str) -> Recognition:
        """The best sentence of `entry` in float32 [n] at 16 kHz in -1..1.

        Without a grammar, and for audio under 100 ms, of pure zeros or with values that are no numbers,
        nothing is recognised. Raises AudioError('grammar_no_entry').
        """
        if self._graph is None:
            return Recognition("", "", NO_SENTENCE_GAP)
        words = self._phrases if self._phrases is not None and entry == self._phrase_entry else self._words
        decoder = self._decoder(words, entry)
        if len(samples) < _SHORTEST_SAMPLES or not np.isfinite(samples).all() or not samples.any():
            return Recognition("", "", NO_SENTENCE_GAP)
        pcm = to_int16(samples).tobytes()
        free = self._open.decode(pcm)[0]
        open_words = normalise_text(free.text)
        sentences = self._sentences(decoder, words, entry, pcm) if decoder else {}
        if not sentences:
            return Recognition("", open_words, NO_SENTENCE_GAP)
        (best, nats), *others = sentences.items()
        gap = min(0.0, (nats - free.nats) / letters(best) - self._ahead)
        alternatives = tuple(Alternative(text, nats - other) for text, other in others)
        return Recognition(best, open_words, gap, alternatives)

    def _sentences(self, decoder: Decoder, words: WordGraph, entry: str, pcm: bytes) -> dict[str, float]:
        """Sentences of `entry` that may have been said, and their log likelihoods in nats, best first.

        In two steps: the words that are near at all, then sentences of these words only. With few words the
        bigram model allows little else than sentences.
        """
        near = {word for found in decoder.decode(pcm) for word in normalise_text(found.text).split()}
        narrow = words.narrowed(near)
        listed = self._listed(narrow, entry)
        sentences: dict[str, float] = {}
        for found in self._bound(listed).decode(pcm) if listed else ():
            text = normalise_text(found.text)
            if text and text not in sentences and narrow.is_sentence(entry, text):
                sentences[text] = found.nats
        return dict(sorted(sentences.items(), key=lambda item: -item[1]))

    def recognise_after_wake(self, sentence: Float32, whole: Float32, entry: str) -> Recognition:
        """As `recognise(sentence)`: the wake phrase is no word of these languages."""
        del whole
        return self.recognise(sentence, entry)

    def draft(self, sentence: Float32, entry: str, whole: Float32 | None = None) -> Draft:
        """All of it: there is no second step, and nothing is known of how the sentence ends."""
        del whole
        return Draft(self.recognise(sentence, entry), sentence, entry)

    def finish(self, draft: Draft) -> Recognition:
        """What `draft` gave."""
        return draft.recognition

    def _decoder(self, words: WordGraph, entry: str) -> Decoder | None:
        """None where no sentence of `entry` can be said with this vocabulary."""
        if entry not in self._decoders:
            listed = self._listed(words, entry)
            self._decoders[entry] = self._bound(listed) if listed else None
        return self._decoders[entry]

    def _bound(self, listed: list[str]) -> Decoder:
        return Decoder(self._model, listed, nearest=_NEAREST, strict=True)

    def _opened(self, graph: SentenceGraph) -> tuple[Decoder, float]:
        """What decodes in the open, and how far a sentence may lie ahead of it."""
        known = {word: forms[0] for word in graph.words if word and (forms := self._spellings(word, graph))}
        short = open_words(known.values(), lambda word: self._model.vosk_model_find_word(word) >= 0)
        if not short:
            return Decoder(self._model, None, nearest=1), _AHEAD_OF_LANGUAGE
        denials = [known[word] for word in sorted(denial_words(graph)) if word in known]
        return Decoder(self._model, [*short, *denials], nearest=1), _AHEAD

    def _listed(self, words: WordGraph, entry: str) -> list[str]:
        """Sentences of `entry` as the model spells them."""
        return [
            " ".join(self._spellings(word, self._graph)[0] for word in sentence.split())
            for sentence in words.covering_sentences(entry)
        ]

    def _spellings(self, word: str, graph: SentenceGraph | None) -> list[str]:
        written = graph.spellings.get(word, ()) if graph else ()
        return [form for form in (*written, word) if self._model.vosk_model_find_word(form) >= 0]


def letters(text: str) -> int:
    """How many sounds `text` has, roughly: letters, a Hangul syllable as its two or three; at least 1."""
    return max(1, sum(letter.isalnum() for letter in unicodedata.normalize("NFD", text)))
