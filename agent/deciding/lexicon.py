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
    endings: tuple[str, ...] = ()  # where the verb ends the order: "coffee, two bags, please give"


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
        *("yes place it", "yes please place it"),
        *("yes order it", "yes order that", "yes please order it", "yes please order that"),
        *("yes i confirm the order", "i confirm the order", "yes i confirm my order", "i confirm my order"),
        *("yes confirm the order", "confirm the order", "yes confirm my order", "confirm my order"),
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
        "do it",
        "correct",
        *("thats right", "that is right", "thats correct", "that is correct"),
    ),
    enrolment_consents=(
        *("yes learn my voice", "yes you may learn my voice", "learn my voice"),
        *("yes i agree", "i agree", "yes please learn my voice"),
    ),
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
    enrolment_consents=("tak naucz się mojego głosu", "tak zgadzam się", "zgadzam się"),
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

# Only words that the Korean Vosk model knows, in its spacing, unless they are typed.
_KOREAN = Lexicon(
    wake_phrases=("okay nabu", "ok nabu", "오케이 나부"),
    openings=(),
    one_of=("하나",),
    counts={"둘": 2, "셋": 3, "넷": 4},
    units={
        "bag": UnitWords("봉지", "봉지", "봉지"),
        "box": UnitWords("상자", "상자", "상자"),
        "bottle": UnitWords("병", "병", "병"),
        "can": UnitWords("캔", "캔", "캔"),
        "carton": UnitWords("팩", "팩", "팩"),
        "pack": UnitWords("묶음", "묶음", "묶음"),
        "roll": UnitWords("롤", "롤", "롤"),
        "piece": UnitWords("개", "개", "개"),
    },
    of="",
    after_joiner="",
    and_joiner="하고",
    politeness=(),
    corrections=(),  # one item a sentence, so far
    not_that=(),
    but_this=(),
    consent_sentences=(
        "네 그대로 주문해 주세요",
        "네 주문해 주세요",
        "그대로 주문해 주세요",
        "네 제 주문을 진행해 주세요",
        "제 주문을 진행해 주세요",
    ),
    consent_openings=("네", "예"),
    consent_bare=("네", "예", "그래요", "좋아요", "오케이", "물론"),
    enrolment_consents=("네 제 목소리 기억해 주세요", "제 목소리 기억해 주세요"),
    denials=(
        *("아니요", "아뇨", "아니", "취소", "취소 해 주세요", "주문 취소", "주문 취소 해 주세요"),
        *("그만", "멈춰", "잠깐", "기다려", "됐어요", "싫어요", "하지 마", "하지 마세요"),
    ),
    laters=("나중에", "나중에 물어봐 주세요"),
    the_first=("첫 번째", "첫째"),
    the_second=("두 번째", "둘째"),
    neither=("둘 다 아니요", "다른 거"),
    articles=(),
    pronouns=("주세요",),
    denial_words=frozenset(
        "아니요 아뇨 아니 취소 취소해 취소해요 그만 멈춰 싫어요 싫어 마세요 말고 절대".split()
    ),
    call_off_words=frozenset("취소 취소해 취소해요 그만 멈춰".split()),
    help_phrases=("도움말", "도와줘", "뭐 할 수 있어"),
    low_questions=("뭐가 부족해", "무엇이 부족해", "뭐가 떨어졌어", "뭐가 떨어지고 있어"),
    endings=(
        *("주세요", "주문해 주세요", "주문 할게요", "부탁해요", "부탁 합니다", "부탁합니다"),
        "줘",
    ),
)

LEXICONS: Mapping[str, Lexicon] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
LARGEST_SPOKEN_NUMBER = 99

LARGEST_KOREAN_NUMBER = 20
"""In words. A small model takes "fifty-six" for "twelve", and no more than twenty are ordered by voice."""

_KOREAN_ONES = ("", "한", "두", "세", "네", "다섯", "여섯", "일곱", "여덟", "아홉")
_KOREAN_TENS = ("", "열", "스물", "서른", "마흔", "쉰", "예순", "일흔", "여든", "아흔")


def number_words(value: int, language: str) -> tuple[str, ...]:
    """How `value` (1 to 99) is said before a unit, the usual way first. Korean counts things with numerals of its
    own ("열두 병"), written as one word or two."""
    if language != "ko":
        return (num2words(value, lang=language),)
    tens, ones = _KOREAN_TENS[value // 10], _KOREAN_ONES[value % 10]
    if tens and ones:
        return (tens + ones, f"{tens} {ones}")
    return ("스무",) if value == 20 else (tens + ones,)


@cache
def spoken_numbers(language: str) -> Mapping[str, int]:
    """Every normalised way to say or type a count from 1 to `LARGEST_SPOKEN_NUMBER` in `language`."""
    lexicon = LEXICONS[language]
    numbers: dict[str, int] = {normalise_text(phrase): 1 for phrase in lexicon.one_of}
    for value in range(1, LARGEST_SPOKEN_NUMBER + 1):
        numbers[str(value)] = value
        if language == "ko" and value > LARGEST_KOREAN_NUMBER:
            continue
        for words in number_words(value, language):
            numbers[normalise_text(words)] = value
    for phrase, value in lexicon.counts.items():
        numbers[normalise_text(phrase)] = value
    return numbers
