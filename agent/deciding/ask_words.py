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
            "(do you have|have you|got|have you got) [any|the] {item} [in stock|left]",
            "is there [any] {item}",
            "(is it|are they|is that) (in stock|available)",
        ),
        "how_many": (
            "how (much|many) {item} (is left|are left|is there|are there|do you have|have you got)",
        ),
        "price_of_it": (
            "how much (is|are|would) (it|they|that|those) [be]",
            "(how much|what) (does|do|would|will) (it|they|that) cost",
            "what is the price",
        ),
        "pack": (
            "how (much|many) [pieces|grams] (is|are) in [the] {item}",
            "how many {item} are in a (pack|box|bag)",
            "how (big|large) (is|are) [the] {item}",
            "how (much|many) (does|do) [the] {item} hold",
            "what is in [the] {item}",
        ),
        "instead": (
            "what (can|could|should) i (use|take|order|have|get) instead of [the] {item}",
            "what (do you have|is there|have you got) instead of [the] {item}",
            "(do you have|is there) (something|anything) instead of [the] {item}",
            "[what is|is there] (a|the) substitute for [the] {item}",
            "what (can|could|should) i (use|take|order|have|get) instead",
        ),
        "promoted": (
            "(is|are) [the] {item} (on offer|on sale|reduced)",
            "(is there|do you have) (an offer|a deal|a discount) (on|for) [the] {item}",
            "[are there|do you have] any (offers|deals|discounts) (on|for) [the] {item}",
        ),
        "delivery": (
            "when (would|will|does|do) [the] {item} (come|arrive|be here|be delivered)",
            "when (would|will|does|do) (it|they) (come|arrive)",
            "when (would|will) (it|they) be (here|delivered)",
            "when (would|will|do|can) you deliver [[the] {item}]",
            "how long does delivery take",
            "how fast can you deliver [[the] {item}]",
            "(do|can) you deliver (today|tomorrow)",
            "when is the next delivery",
        ),
        "offers": (
            "any (offers|promotions|deals|discounts) [today]",
            "(are there|do you have|have you got) any (offers|promotions|deals|discounts)",
            "what (is on offer|offers are there|are the offers|are the specials) [today]",
        ),
        "where": (
            "where (is|are|do i find|can i find) [the] {item}",
            "where (is it|are they|do i find it|do i find them)",
            "where (is|are) [the] {item} kept",
            "(which|what) aisle (is|are) [the] {item} in",
            "(which|what) aisle (is it|are they) in",
        ),
        "goes_with": (
            "what goes [well] with [the] {item}",
            "what goes [well] with (it|them)",
        ),
        "fits": (
            "what (does|do) [the|this|these] {item} fit",
            "what (does it|do they) fit",
        ),
        "status": (
            "where (is|are) my [last] (order|orders)",
            "(what about|what is with|what happened to) my [last] order",
            "when (does|will) my [last] order (come|arrive|be here)",
            "is my [last] order (on its way|coming)",
            "(has my [last] order arrived|did my [last] order go through)",
            "(track my order|order status)",
            "[what is] [the] status of my [last] order",
        ),
        "person": (
            "(i want to|i would like to|id like to|let me|can i) talk to (a person|somebody|someone)",
            "(i want to|i would like to|id like to|let me|can i) speak to (a person|somebody|someone)",
            "(talk|speak) to a (person|human)",
            "(i want to|i would like to|id like to|let me|can i) (talk|speak) to a human",
            "(get me|i want|i need) a human",
            "(call|contact) the shop",
        ),
        "return": (
            "(i want|i would like|id like) to (return|send back) (it|them|my [last] order)",
            "(i want|i would like|id like) to send (it|them|my [last] order) back",
            "(return|send back) my [last] order",
            "(can i|how do i) (return|send back) (it|them|something|my [last] order)",
            "i want my money back",
            "can i send (it|them) back",
            "send my [last] order back",
        ),
        "quote": (
            "(give|make|send) me a quote for [the] {item}",
            "(i want|i would like|id like|can i have|can i get|i need) a quote for [the] {item}",
            "[a] quote for [the] {item}",
            "what would you charge for [the] {item}",
            "(give|make|send) me a quote",
            "(i want|i would like|id like|can i have|can i get|i need) a quote",
            "ask [the shop] for a quote [for [the] {item}]",
            "yes [please] [ask for] a quote",
            "a quote please",
        ),
        "cancel": (
            "(cancel|undo) (my|the) last order",
            "(cancel|undo) my order",
            "(take|call) my last order (back|off)",
            "take back my [last] order",
        ),
    },
    "pl": {
        "stock": (
            "[czy] (jest|są|macie) [jeszcze] {item}",
            "czy (jest|są|macie) [jeszcze] {item} (na stanie|w magazynie)",
            "czy {item} (jest|są) [jeszcze] (dostępna|dostępny|dostępne|na stanie|w magazynie)",
            "czy (to jest|jest to|są) [jeszcze] (dostępne|na stanie|w magazynie)",
        ),
        "delivery": (
            "kiedy (przyjdzie|przyjdą|przyszłaby|przyszłoby|przyszłyby|będzie|będą) {item}",
            "kiedy [to|by to] (przyjdzie|przyszło|będzie)",
            "kiedy (jest|będzie|byłaby) [następna] dostawa",
            "kiedy (dostarczycie|przywieziecie) [{item}]",
            "(ile trwa dostawa|jak szybko dostarczycie)",
            "czy (dziś|dzisiaj|jutro) (jest|będzie) dostawa",
        ),
        "how_many": (
            "ile (macie|zostało|jest) [jeszcze] {item}",
            "ile {item} (macie|zostało|jest)",
        ),
        "price_of_it": (
            "ile to (kosztuje|będzie kosztować|kosztowałoby)",
            "(jaka jest cena|po ile to jest|po ile to)",
        ),
        "pack": (
            "ile (jest|mieści się) w (paczce|opakowaniu|pudełku|kartonie|butelce|puszce) {item}",
            "ile (sztuk|gramów) (ma|mają) {item}",
            "ile {item} jest w (paczce|opakowaniu|pudełku|kartonie)",
        ),
        "instead": (
            "co (mogę|można|mam) (wziąć|zamówić|kupić) zamiast {item}",
            "co [macie|jest] zamiast {item}",
            "(macie|czy macie|jest|czy jest) coś zamiast {item}",
            "czym [mogę|można] zastąpić {item}",
            "co (mogę|można|mam) (wziąć|zamówić|kupić) zamiast tego",
        ),
        "promoted": (
            "czy {item} (jest|są) w promocji",
            "czy jest [jakaś] promocja na {item}",
            "(są|macie|czy są|czy macie) [jakieś] promocje na {item}",
        ),
        "offers": (
            "(czy są|są|macie|czy macie) jakieś (promocje|oferty)",
            "(jakie są|jakie macie) (promocje|oferty)",
            "co (jest|macie) w promocji",
            "co (dziś|dzisiaj) (taniej|w promocji)",
        ),
        "where": (
            "gdzie (jest|są|leży|leżą|stoi|stoją|znajdę) {item}",
            "gdzie (to jest|to leży|to znajdę)",
            "w której alejce (jest|są|leży|leżą) {item}",
            "w której alejce to jest",
        ),
        "goes_with": (
            "co pasuje do {item}",
            "(co do tego pasuje|co pasuje do tego)",
        ),
        "fits": (
            "do czego (pasuje|pasują) {item}",
            "do czego to pasuje",
        ),
        "status": (
            "(gdzie jest|co z|co się dzieje z) (moje|moim) [ostatnie|ostatnim] (zamówienie|zamówieniem)",
            "kiedy (przyjdzie|przyjedzie|będzie) moje [ostatnie] zamówienie",
            "czy moje [ostatnie] zamówienie jest [już] w drodze",
            "czy moje [ostatnie] zamówienie [już] przyszło",
            "gdzie moje [ostatnie] zamówienie",
            "[jaki jest] status [mojego] zamówienia",
        ),
        "person": (
            "(chcę|chciałbym|chciałabym) [po]rozmawiać z (człowiekiem|kimś|kimś ze sklepu|osobą)",
            "połącz mnie (z człowiekiem|z kimś ze sklepu|ze sklepem)",
            "czy mogę [po]rozmawiać z (człowiekiem|kimś|kimś ze sklepu|osobą)",
            "czy mogę z kimś [po]rozmawiać",
            "zadzwoń do sklepu",
        ),
        "return": (
            "(chcę|chciałbym|chciałabym|czy mogę|jak mogę) (to|je) (zwrócić|odesłać|oddać)",
            "(chcę|chciałbym|chciałabym) (zwrócić|odesłać|oddać) (to|je|[moje] [ostatnie] zamówienie)",
            "chcę zwrot",
            "(zwróć|odeślij) [moje] [ostatnie] zamówienie",
        ),
        "quote": (
            "(poproszę|poproszę o|podaj|przygotuj|chcę) wycenę (na|za) {item}",
            "(poproszę|poproszę o|podaj|przygotuj|chcę) wycenę",
            "potrzebuję wyceny [(na|za) {item}]",
            "(zapytaj|poproś|spytaj) [sklep] o wycenę [(na|za) {item}]",
            "tak (zapytaj o|proszę o|poproszę o) wycenę",
            "tak [poproszę] wycenę",
        ),
        "cancel": (
            "(anuluj|odwołaj|cofnij) [moje|to] ostatnie zamówienie",
            "(anuluj|odwołaj|cofnij) [moje] zamówienie",
        ),
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
