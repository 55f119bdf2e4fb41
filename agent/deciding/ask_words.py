"""How people ask beside the price: what only the shop knows, and what it tells about its products.

Data, in the language of hassil as `question_words`. A template without {item} is a question as a whole: about
the basket in hand, about what was asked last, or about the last order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

ASK_TEMPLATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "stock": (
            "(is|are) [there] [any|the] {item} (in stock|available|left)",
            "(do you have|have you got) [any|the] {item} [in stock|left]",
            "(is it|are they|is that) (in stock|available)",
        ),
        "delivery": (
            "when (would|will|does|do) [the] {item} (come|arrive)",
            "when (would|will|does|do) (it|they) (come|arrive)",
            "when (would|will|do) you deliver",
            "how long does delivery take",
        ),
        "offers": (
            "any (offers|promotions|deals)",
            "(are there|do you have|have you got) any (offers|promotions|deals)",
            "what (is on offer|offers are there|are the offers)",
        ),
        "where": (
            "where (is|are|do i find|can i find) [the] {item}",
            "where (is it|are they|do i find it|do i find them)",
        ),
        "goes_with": (
            "what goes [well] with [the] {item}",
            "what goes [well] with (it|them)",
        ),
        "fits": (
            "what (does|do) [the] {item} fit",
            "what (does it|do they) fit",
        ),
        "status": (
            "where (is|are) my [last] (order|orders)",
            "(what about|what is with|what happened to) my [last] order",
            "when (does|will) my [last] order (come|arrive)",
            "is my [last] order on its way",
        ),
        "person": (
            "(i want to|i would like to|id like to|let me|can i) talk to (a person|somebody|someone)",
            "(i want to|i would like to|id like to|let me|can i) speak to (a person|somebody|someone)",
            "(talk|speak) to a (person|human)",
        ),
        "return": (
            "(i want|i would like|id like) to (return|send back) (it|them|my [last] order)",
            "(i want|i would like|id like) to send (it|them|my [last] order) back",
            "(return|send back) my [last] order",
            "send my [last] order back",
        ),
        "quote": (
            "(give|make|send) me a quote for [the] {item}",
            "(i want|i would like|id like|can i have) a quote for [the] {item}",
            "(give|make|send) me a quote",
            "(i want|i would like|id like|can i have) a quote",
            "ask [the shop] for a quote [for [the] {item}]",
            "yes [please] [ask for] a quote",
            "a quote please",
        ),
        "cancel": (
            "(cancel|undo) (my|the) last order",
            "(take|call) my last order (back|off)",
        ),
    },
    "pl": {
        "stock": (
            "czy (jest|są|macie) [jeszcze] {item}",
            "czy (jest|są|macie) [jeszcze] {item} (na stanie|w magazynie)",
            "czy {item} (jest|są) [jeszcze] (dostępna|dostępny|dostępne|na stanie|w magazynie)",
            "czy (to jest|jest to|są) [jeszcze] (dostępne|na stanie|w magazynie)",
        ),
        "delivery": (
            "kiedy (przyjdzie|przyjdą|przyszłaby|przyszłoby|przyszłyby|będzie|będą) {item}",
            "kiedy (to|by to) (przyjdzie|przyszło|będzie)",
            "kiedy (jest|będzie|byłaby) dostawa",
            "ile trwa dostawa",
        ),
        "offers": (
            "(czy są|są|macie|czy macie) jakieś (promocje|oferty)",
            "(jakie są|jakie macie) (promocje|oferty)",
            "co jest w promocji",
        ),
        "where": (
            "gdzie (jest|są|leży|leżą|stoi|stoją|znajdę) {item}",
            "gdzie (to jest|to leży|to znajdę)",
        ),
        "goes_with": (
            "co pasuje do {item}",
            "co do tego pasuje",
        ),
        "fits": (
            "do czego (pasuje|pasują) {item}",
            "do czego to pasuje",
        ),
        "status": (
            "(gdzie jest|co z|co się dzieje z) (moje|moim) [ostatnie|ostatnim] (zamówienie|zamówieniem)",
            "kiedy (przyjdzie|przyjedzie|będzie) moje [ostatnie] zamówienie",
            "czy moje [ostatnie] zamówienie jest [już] w drodze",
        ),
        "person": (
            "(chcę|chciałbym|chciałabym) [po]rozmawiać z (człowiekiem|kimś|kimś ze sklepu|osobą)",
            "połącz mnie z (człowiekiem|kimś ze sklepu)",
        ),
        "return": (
            "(chcę|chciałbym|chciałabym) (to|je) (zwrócić|odesłać)",
            "(chcę|chciałbym|chciałabym) (zwrócić|odesłać) (to|je|[moje] [ostatnie] zamówienie)",
            "(zwróć|odeślij) [moje] [ostatnie] zamówienie",
        ),
        "quote": (
            "(poproszę o|podaj|przygotuj|chcę) wycenę (na|za) {item}",
            "(poproszę o|podaj|przygotuj|chcę) wycenę",
            "(zapytaj|poproś|spytaj) [sklep] o wycenę [(na|za) {item}]",
            "tak (zapytaj o|proszę o|poproszę o) wycenę",
            "tak [poproszę] wycenę",
        ),
        "cancel": ("(anuluj|odwołaj|cofnij) [moje|to] ostatnie zamówienie",),
    },
}


class FitWords(NamedTuple):
    """ "Does M8 fit?": the words before, between what is to fit and what it fits, those that stand for what
    is in hand, and those that may stand before what is named."""

    before: tuple[str, ...]
    between: tuple[str, ...]
    in_hand: tuple[str, ...]
    articles: tuple[str, ...]


FIT_WORDS: Mapping[str, FitWords] = {
    "en": FitWords(
        ("does", "do", "will", "would"),
        ("fit",),
        ("it", "they", "them", "this", "that", "these", "those"),
        ("the", "a", "an", "this", "that", "these", "those"),
    ),
    "pl": FitWords(
        ("czy",),
        ("pasuje do", "pasują do", "pasuje", "pasują"),
        ("to", "one", "tego", "niego", "nich"),
        ("ta", "ten", "te", "tej", "tego", "tych"),
    ),
}
"""The longer of two that say the same comes first."""
