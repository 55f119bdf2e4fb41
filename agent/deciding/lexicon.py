"""The words around the products, per language: openings, numbers, units, consent, denial. Data; the grammar and the
read-back both draw on it, so that what the device says is also what it understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from num2words import num2words

from agent.plumbing.sentence_graph import normalise_text


@dataclass(frozen=True)
class UnitWords:
    """Forms after one, after two to four (where the language has that), and after five; `feminine` for "dwie"."""

    one: str
    few: str
    many: str
    feminine: bool = False
    also: tuple[str, ...] = ()

    @property
    def heard(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((self.one, self.few, self.many, *self.also)))


@dataclass(frozen=True)
class Lexicon:
    """All phrases are matched in the form of `normalise_text`. `denial_words` are single words that deny wherever
    they stand in an answer, `call_off_words` those that do so in an order; `articles` and `pronouns` may stand around the name of one of two choices; `corrections`
    lead from an item to what replaces it, `not_that` to the one that is replaced, `but_this` from that to what
    is wanted; `consent_sentences` are long enough to verify a speaker by, `consent_bare` are not."""

    wake_phrases: tuple[str, ...]
    openings: tuple[str, ...]
    one_of: tuple[str, ...]
    counts: Mapping[str, int]
    units: Mapping[str, UnitWords]
    of: str
    after_joiner: str
    and_joiner: str
    corrections: tuple[str, ...]
    not_that: tuple[str, ...]
    but_this: tuple[str, ...]
    politeness: tuple[str, ...]
    consent_sentences: tuple[str, ...]
    consent_openings: tuple[str, ...]
    consent_bare: tuple[str, ...]
    enrolment_consents: tuple[str, ...]
    denials: tuple[str, ...]
    laters: tuple[str, ...]
    the_first: tuple[str, ...]
    the_second: tuple[str, ...]
    neither: tuple[str, ...]
    articles: tuple[str, ...]
    pronouns: tuple[str, ...]
    denial_words: frozenset[str]
    call_off_words: frozenset[str]
    help_phrases: tuple[str, ...]
    low_questions: tuple[str, ...]  # typed only


_ENGLISH = Lexicon(
    # All phrases that the wake word models know, with the spellings that the recogniser gives an invented word.
    wake_phrases=(
        *("okay nabu", "ok nabu", "okay naboo", "ok naboo", "okay nabo", "ok nabo", "okay now boo"),
        *("alexa", "hey jarvis", "hey mycroft"),
    ),
    openings=(
        "order",
        "i want",
        "id like",
        "i would like",
        "id like to order",
        "i want to order",
        "i need",
        "we need",
        "buy",
        "get me",
        "give me",
        "can i get",
        "can i have",
        "could i have",
        "may i have",
        "please order",
    ),
    one_of=("a", "an", "one"),
    counts={"a couple of": 2, "half a dozen": 6, "a dozen": 12},
    units={
        "bag": UnitWords("bag", "bags", "bags"),
        "box": UnitWords("box", "boxes", "boxes"),
        "bottle": UnitWords("bottle", "bottles", "bottles"),
        "can": UnitWords("can", "cans", "cans", also=("tin", "tins")),
        "carton": UnitWords("carton", "cartons", "cartons"),
        "pack": UnitWords("pack", "packs", "packs", also=("packet", "packets")),
        "roll": UnitWords("roll", "rolls", "rolls"),
        "litre": UnitWords("litre", "litres", "litres", also=("liter", "liters")),
        "kilogram": UnitWords("kilogram", "kilograms", "kilograms", also=("kilo", "kilos")),
        "metre": UnitWords("metre", "metres", "metres", also=("meter", "meters")),
        "piece": UnitWords("", "", ""),
    },
    of="of",
    after_joiner="with",
    and_joiner="and",
    corrections=(
        *("no", "no make that", "make that", "no make it", "make it"),
        *("i mean", "no i mean", "i meant", "no i meant", "no sorry", "sorry no", "actually", "no actually"),
    ),
    not_that=("not", "not the", "no not", "no not the"),
    but_this=("but", "but rather"),
    politeness=("please", "thank you", "thanks"),
    consent_sentences=(
        "yes place my order",
        "yes place the order",
        "yes please place my order",
        "place my order",
        "place the order",
        "yes order it",
        "yes order that",
        "yes i confirm the order",
        "i confirm the order",
    ),
    consent_openings=("yes", "yes please"),
    consent_bare=(
        "yes",
        "yeah",
        "yep",
        "yes please",
        "sure",
        "okay",
        "ok",
        "go ahead",
        "please do",
        "correct",
    ),
    enrolment_consents=("yes learn my voice", "yes you may learn my voice", "learn my voice"),
    denials=(
        "no",
        "nope",
        "no thanks",
        "no thank you",
        "cancel",
        "cancel it",
        "cancel that",
        "cancel the order",
        "stop",
        "wait",
        "never mind",
        "forget it",
        "dont",
        "do not",
        "never",
        "not that",
        "never confirm",
    ),
    laters=("later", "maybe later", "ask me later", "remind me later"),
    the_first=("first", "former"),
    the_second=("second", "latter"),
    neither=("neither", "none", "neither of them", "none of them", "something else"),
    articles=("the", "a", "an"),
    pronouns=("one", "please"),
    denial_words=frozenset("no nope nah not never dont stop cancel forget".split()),
    call_off_words=frozenset("cancel stop forget".split()),
    help_phrases=("help", "help me", "what can i say", "what can you do"),
    low_questions=(
        "what is running low",
        "whats running low",
        "what is low",
        "whats low",
        "what has run low",
        "what do we need",
        "what should i order",
        "is anything running low",
        "what do the sensors say",
    ),
)

_POLISH = Lexicon(
    wake_phrases=("okay nabu", "ok nabu"),
    openings=(
        "zamów",
        "zamów proszę",
        "poproszę",
        "poproszę o",
        "proszę",
        "proszę o",
        "chcę",
        "chcę zamówić",
        "chciałbym",
        "chciałabym",
        "chciałbym zamówić",
        "chciałabym zamówić",
        "kup",
        "potrzebuję",
        "daj mi",
    ),
    one_of=("jedną", "jeden", "jedno", "jedna"),
    counts={"dwie": 2, "dwóch": 2, "parę": 2, "tuzin": 12, "pół tuzina": 6},
    units={
        "bag": UnitWords(
            "paczkę", "paczki", "paczek", feminine=True, also=("paczka", "torbę", "torby", "toreb", "torba")
        ),
        "box": UnitWords("pudełko", "pudełka", "pudełek"),
        "bottle": UnitWords("butelkę", "butelki", "butelek", feminine=True, also=("butelka",)),
        "can": UnitWords("puszkę", "puszki", "puszek", feminine=True, also=("puszka",)),
        "carton": UnitWords("karton", "kartony", "kartonów", also=("kartonik", "kartoniki")),
        "pack": UnitWords("opakowanie", "opakowania", "opakowań"),
        "roll": UnitWords("rolkę", "rolki", "rolek", feminine=True, also=("rolka",)),
        "litre": UnitWords("litr", "litry", "litrów"),
        "kilogram": UnitWords("kilogram", "kilogramy", "kilogramów", also=("kilo",)),
        "metre": UnitWords("metr", "metry", "metrów"),
        "piece": UnitWords("sztukę", "sztuki", "sztuk", feminine=True, also=("sztuka",)),
    },
    of="",
    after_joiner="z",
    and_joiner="i",
    corrections=("nie", "nie jednak", "jednak", "to znaczy", "nie to znaczy", "nie przepraszam", "a nie"),
    not_that=(),  # "nie kawę, tylko herbatę" begins as a correction does
    but_this=("tylko", "ale"),
    politeness=("proszę", "dziękuję"),
    consent_sentences=(
        "tak złóż moje zamówienie",
        "tak złóż zamówienie",
        "złóż moje zamówienie",
        "złóż zamówienie",
        "tak zamawiam",
        "tak potwierdzam zamówienie",
        "potwierdzam zamówienie",
    ),
    consent_openings=("tak",),
    consent_bare=("tak", "dobrze", "okej", "ok", "jasne", "zgoda", "poproszę"),
    enrolment_consents=("tak naucz się mojego głosu",),
    denials=(
        "nie",
        "nie dziękuję",
        "anuluj",
        "anuluj zamówienie",
        "stop",
        "zaczekaj",
        "nieważne",
        "nigdy",
        "rezygnuję",
        "odwołaj",
    ),
    laters=("później", "może później", "zapytaj później", "przypomnij później"),
    the_first=("pierwsze", "pierwszą", "to pierwsze"),
    the_second=("drugie", "drugą", "to drugie"),
    neither=("żadne", "żadną", "żadne z nich", "coś innego"),
    articles=("poproszę",),
    pronouns=("proszę",),
    denial_words=frozenset("nie nigdy anuluj stop rezygnuje odwolaj niewazne zaczekaj".split()),
    call_off_words=frozenset("anuluj stop rezygnuje odwolaj niewazne".split()),
    help_phrases=("pomoc", "pomóż", "co mogę powiedzieć", "co umiesz"),
    low_questions=(
        "co się kończy",
        "co się skończyło",
        "czego brakuje",
        "czego potrzebujemy",
        "co trzeba zamówić",
        "czy coś się kończy",
        "co mówią czujniki",
    ),
)

LEXICONS: Mapping[str, Lexicon] = {"en": _ENGLISH, "pl": _POLISH}
LARGEST_SPOKEN_NUMBER = 99


@cache
def spoken_numbers(language: str) -> Mapping[str, int]:
    """Every normalised way to say or type a count from 1 to `LARGEST_SPOKEN_NUMBER` in `language`."""
    lexicon = LEXICONS[language]
    numbers: dict[str, int] = {normalise_text(phrase): 1 for phrase in lexicon.one_of}
    for value in range(1, LARGEST_SPOKEN_NUMBER + 1):
        numbers[normalise_text(num2words(value, lang=language))] = value
        numbers[str(value)] = value
    for phrase, value in lexicon.counts.items():
        numbers[normalise_text(phrase)] = value
    return numbers
