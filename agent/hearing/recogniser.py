"""Speech to a sentence of the grammar: beam search that may only walk the grammar, and an open decode
beside it.

The open decode hears the same encoder output without the grammar. How much likelier it is, per token, tells
whether a sentence of the grammar was said at all. An order is decoded by a small model and a larger one
together (docs/adr/0022).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from agent.hearing.beam import (
    Hypothesis,
    JointDecoding,
    decode_both,
    decode_bound,
    decode_open,
)
from agent.hearing.grammar_automaton import GrammarAutomaton
from agent.hearing.judged_ending import SURE_GAP, judged_ending, nats_behind
from agent.hearing.moonshine import BASE, Float32, Moonshine
from agent.hearing.recognition import NO_SENTENCE_GAP, Alternative, Draft, Recognition
from agent.hearing.resting_model import RestingModel
from agent.plumbing.free_memory import give_back_memory
from agent.plumbing.sentence_graph import BETWEEN_DECODES, SentenceGraph, graph_of_phrases, normalise_text
from agent.plumbing.settings import Asr

WIDER_BEAMS = 24
"""Tried once more where nothing survived."""

RECONSIDERED = frozenset({"order", "consent", "challenge", "enrol"})
"""Entries that the second model hears. All but orders are answers: it hears those of which the first is not
sure, and words of denial, searched for in the open decode, count whichever of the two hears them."""

_BY_BOTH_AT_ONCE = frozenset({"order"})
"""Of them those that both models hear from the start: the first alone is sometimes sure of what was not said,
and to begin anew with both takes longer than the silence after the speech."""

_WEIGHTS = (1.0, 2.0)
"""Of the first and the second model: alone, the second has a third of the first's errors in noise."""

_LOWEST_TOGETHER = -1.8
"""Nats a token: what both models together hold for less likely was not said. Where they disagree, free speech
is unlikely to both as well, and the gap alone would let it pass. Orders in 6 dB of noise stay above -1.5."""

_HOPELESS_NATS = 60.0
"""So far behind the open decode nothing passes any gate: orders in 6 dB of noise stay within 40."""

_SPOTTED_NATS = 10.0
"""One nat a token of phrases of up to ten."""

_SHORTEST_SAMPLES = 800
_OPEN_TOKENS_PER_SECOND = 6.5  # of the model's authors; more is a loop, not speech
_SAMPLE_RATE = 16_000


_NOTHING = Recognition("", "", NO_SENTENCE_GAP)


class Recogniser:
    """Holds the models; `use` gives it a grammar. Not thread-safe: one recognition at a time."""

    @classmethod
    def from_settings(cls, models_dir: Path, asr: Asr) -> Recogniser:
        """With the models that `asr` asks for. Raises ModelError: model_missing, model_damaged."""
        model = Moonshine(models_dir, threads=asr.threads)
        second = None
        if asr.second_opinion:
            second = RestingModel(lambda: Moonshine(models_dir, BASE, threads=asr.threads))
        return cls(model, second=second, beams=asr.beams)

    def __init__(
        self, model: Moonshine, *, second: Moonshine | RestingModel | None = None, beams: int = 6
    ) -> None:
        """`second` is asked as well where `model` is not sure of an order; it has the same tokens."""
        self._model, self._second = model, second
        self._beams = beams
        self._trie = model.vocabulary.trie
        self._automaton: GrammarAutomaton | None = None
        self._phrases: GrammarAutomaton | None = None
        self._encoded: tuple[Float32, Float32] | None = None
        self._beside = ThreadPoolExecutor(
            1, thread_name_prefix="beside"
        )  # starts no thread before its first job

    @property
    def model(self) -> Moonshine:
        """The small model, which is always loaded."""
        return self._model

    def use(self, graph: SentenceGraph) -> None:
        """Replaces the grammar. Raises AudioError('grammar_invalid')."""
        self._automaton = GrammarAutomaton(graph, self._trie)
        self._phrases = None

    def use_phrases(self, entry: str, phrases: Iterable[str]) -> None:
        """Beside the grammar, `phrases` (normalised) as the only sentences of `entry`; replaces those of an
        earlier call. Raises AudioError('grammar_invalid')."""
        self._phrases = GrammarAutomaton(graph_of_phrases(entry, phrases), self._trie)

    @property
    def entries(self) -> frozenset[str]:
        """What can be listened for; empty before `use`."""
        automata = (self._automaton, self._phrases) if self._automaton else ()
        return frozenset[str]().union(*(automaton.entries for automaton in automata if automaton))

    def expect(self, entry: str) -> None:
        """Somebody has begun to speak, and `entry` will be asked for: loads what may be needed and rests."""
        if isinstance(self._second, RestingModel) and entry in RECONSIDERED:
            self._second.expect()

    def rest(self) -> None:
        """Nobody has spoken for a while: what is seldom needed leaves the memory."""
        if isinstance(self._second, RestingModel):
            self._second.rest()
        give_back_memory()

    def recognise(self, samples: Float32, entry: str) -> Recognition:
        """The best sentence of `entry` in float32 [n] at 16 kHz in -1..1.

        Without a grammar, and for audio under 50 ms, of pure zeros or with values that are no numbers,
        nothing is recognised. Raises AudioError('grammar_no_entry').
        """
        return self.finish(self.draft(samples, entry))

    def recognise_after_wake(self, sentence: Float32, whole: Float32, entry: str) -> Recognition:
        """The sentence after the wake phrase; where that is unsure, also `whole`, with the phrase.

        The cut may have taken the first sound of the sentence, and the grammar has the phrase. The likelier
        of the two is what was heard.
        """
        return self.finish(self.draft(sentence, entry, whole))

    def draft(self, sentence: Float32, entry: str, whole: Float32 | None = None) -> Draft:
        """The first step of `recognise`, or with `whole` of `recognise_after_wake`."""
        sentence = np.ascontiguousarray(sentence, np.float32)
        whole = None if whole is None else np.ascontiguousarray(whole, np.float32)
        self._ahead(sentence, entry)
        return Draft(self._heard(sentence, entry, self._asked_first(entry)), sentence, entry, whole)

    def finish(self, draft: Draft) -> Recognition:
        """The second step, once the speech is over: where there is doubt looks at `whole`, asks the other
        model if that has not heard it yet, and searches more widely."""
        heard, samples, entry, whole = draft
        if whole is not None and heard.gap_per_token < SURE_GAP:
            self._ahead(whole, entry)
            with_phrase = self._heard(whole, entry, self._asked_first(entry))
            if with_phrase.gap_per_token > heard.gap_per_token:
                heard, samples = with_phrase, whole
        if self._second is None or entry not in RECONSIDERED:
            return self._searched(heard, samples, draft)
        if not heard.open_words or (heard.sure and entry not in _BY_BOTH_AT_ONCE):
            return heard
        return self._reconsidered(heard, samples, draft, (self._model, self._second))

    def spot(self, samples: Float32, entry: str) -> Recognition:
        """As `recognise`, at a fraction of the work, where only a sentence that is nearly as likely as free
        speech would be believed: any other is given up at once, and no second model is asked."""
        samples = np.ascontiguousarray(samples, np.float32)
        return self._heard(samples, entry, (self._model,), within_nats=_SPOTTED_NATS)

    def transcribe(self, samples: Float32) -> str:
        """The open decode alone, normalised: what is heard by somebody who knows no catalogue."""
        model = self._model
        encoded = model.encode(np.ascontiguousarray(samples, np.float32))
        return self._text(decode_open(model.begin(encoded), _most_open_tokens(samples)))

    def _asked_first(self, entry: str) -> Sequence[Moonshine | RestingModel]:
        if self._second is None or entry not in _BY_BOTH_AT_ONCE:
            return (self._model,)
        return self._model, self._second

    def _ahead(self, samples: Float32, entry: str) -> None:
        """The second model encodes while the first does."""
        if isinstance(self._second, RestingModel) and entry in RECONSIDERED and _is_sound(samples):
            self._second.encode_ahead(samples)

    def _searched(self, heard: Recognition, samples: Float32, draft: Draft) -> Recognition:
        """`heard`, or where no sentence survived, what a wider beam finds."""
        for tried in (samples, draft.whole):
            if not heard.words and heard.open_words and tried is not None:
                heard = self._heard(tried, draft.entry, (self._model,), beams=WIDER_BEAMS)
        return heard

    def _reconsidered(
        self, heard: Recognition, samples: Float32, draft: Draft, both: Sequence[Moonshine | RestingModel]
    ) -> Recognition:
        at_once = draft.entry in _BY_BOTH_AT_ONCE
        together = heard if at_once else self._heard(samples, draft.entry, both)
        if not together.words:
            heard = self._searched(heard, samples, draft)
            if heard.words:
                together = self._heard(samples, draft.entry, both, beams=WIDER_BEAMS)
        best = together if together.words else heard._replace(ending=together.ending)
        said = together.open_words
        if not at_once:
            said = f"{heard.open_words}{BETWEEN_DECODES}{together.open_words}"
        if best.nats_per_token < _LOWEST_TOGETHER:
            return Recognition("", said, NO_SENTENCE_GAP, ending=best.ending)
        return best if at_once else best._replace(open_words=said)

    def _heard(
        self,
        samples: Float32,
        entry: str,
        models: Sequence[Moonshine | RestingModel],
        *,
        beams: int | None = None,
        within_nats: float = _HOPELESS_NATS,
    ) -> Recognition:
        """What `models` hear together with so many `beams`. Sentences further than `within_nats` behind free
        speech are none."""
        automaton = self._automaton
        if automaton is None:
            return _NOTHING
        if self._phrases is not None and entry in self._phrases.entries:
            automaton = self._phrases
        automaton.trim()
        start = automaton.start(entry)
        if not _is_sound(samples):
            return _NOTHING
        encoded = [(model, self._encode(model, samples)) for model in models]
        parts = zip(encoded, _WEIGHTS, strict=False)
        decodes = [(model.begin(hidden), weight) for (model, hidden), weight in parts]
        steps = JointDecoding(decodes, self._beside)
        beams, most_open = beams or self._beams, _most_open_tokens(samples)
        if within_nats < _HOPELESS_NATS:  # mostly given up at once: no beam beside the open decode
            free = decode_open(steps, most_open)
            again = self._model.begin(encoded[0][1])
            found = decode_bound(again, automaton.allowed, start, beams, free.score - within_nats)
        else:
            free, found = decode_both(steps, automaton.allowed, start, beams, most_open, within_nats)
        ending = judged_ending(found, free, automaton)
        bound = found.finished
        if not bound:
            return Recognition("", self._text(free), NO_SENTENCE_GAP, ending=ending)
        ranked = self._sentences(bound)
        best, length = bound[0], max(1, len(bound[0].tokens))
        alternatives = tuple(Alternative(words, best.score - score) for words, score in ranked[1:])
        words, ahead = ranked[0][0], _ahead_nats(ranked, automaton, entry)
        gap, nats = nats_behind(best, free), best.score / length
        return Recognition(words, self._text(free), gap, alternatives, nats, ahead, ending)

    def _encode(self, model: Moonshine | RestingModel, samples: Float32) -> Float32:
        """The first model hears most orders twice, alone and with the second: once is enough."""
        if model is not self._model:
            return model.encode(samples)
        if self._encoded is None or self._encoded[0] is not samples:
            self._encoded = samples, model.encode(samples)
        return self._encoded[1]

    def _sentences(self, bound: Iterable[Hypothesis]) -> list[tuple[str, float]]:
        """Distinct sentences with their best score, best first; one can be written in several ways."""
        scores: dict[str, float] = {}
        for hypothesis in bound:
            scores.setdefault(self._text(hypothesis), hypothesis.score)
        return list(scores.items())

    def _text(self, hypothesis: Hypothesis) -> str:
        return normalise_text(self._model.vocabulary.text(hypothesis.tokens))


def _ahead_nats(ranked: Sequence[tuple[str, float]], automaton: GrammarAutomaton, entry: str) -> float:
    (words, best), *others = ranked
    meant = automaton.meanings(words, entry)
    apart = (best - score for other, score in others if automaton.meanings(other, entry) != meant)
    return next(apart, math.inf)


def _is_sound(samples: Float32) -> bool:
    return len(samples) >= _SHORTEST_SAMPLES and bool(np.isfinite(samples).all() and samples.any())


def _most_open_tokens(samples: Float32) -> int:
    return 8 + math.ceil(len(samples) / _SAMPLE_RATE * _OPEN_TOKENS_PER_SECOND)
