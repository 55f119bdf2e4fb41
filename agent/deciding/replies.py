"""What the device says: the sentences of `agent.deciding.reply_words`, filled in.

Keys that end a failed commit or a refusal by the shop are error codes; an unknown one falls back to its family.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Literal, NamedTuple

from agent.deciding import challenge_words
from agent.deciding.basket import Basket
from agent.deciding.choice import Alternatives, differences
from agent.deciding.conversation import Say, SensorsSilent
from agent.deciding.lexicon import LEXICONS
from agent.deciding.money import Currency, Money
from agent.deciding.number_words import in_words
from agent.deciding.proposals import Low
from agent.deciding.replies_manner import TONGUES
from agent.deciding.replies_unusual import why_unusual
from agent.deciding.reply_words import CONSENTS, REPLIES
from agent.deciding.sensor_words import SINCE, STANDINGS, level_in_words
from agent.deciding.spoken_basket import joined, plural, spoken_basket
from agent.deciding.unusual import Unusual
from agent.plumbing.currencies import minor_digits


class Hears(NamedTuple):
    """What the device listens for: its wake phrase, and then sentences of one language. `examples`: what
    might be ordered, by the language in which that is said."""

    wake: str
    language: str
    examples: Mapping[str, str] = MappingProxyType({})

    def words(self, language: str) -> dict[str, str]:
        """As they stand in the replies in `language`."""
        return {
            "wake": self.wake,
            "aloud": CONSENTS[self.language],
            "example": self.examples.get(language, ""),
            "tongue": TONGUES[language][self.language],
        }


def render(
    say: Say, language: str, currency: str, hears: Hears, *, name: str = "", text: str = "", added: str = ""
) -> str:
    """The sentence for `say`. `name` is a person's, `text` an enrolment phrase, `added` what the shop tells
    of the basket's goods. Raises KeyError for no such language."""
    replies = REPLIES[language]
    template = replies.get(say.key)
    if template is None:
        template = replies["shop_refused" if say.key.startswith("shop_") else "cannot_commit"]
    parts = [say.first, say.key, *(f"way_{way}" for way in say.ways)]
    if len(parts) > 2 or say.first:
        singles = (replace(say, key=key, first="", ways=()) for key in parts if key)
        return " ".join(
            render(each, language, currency, hears, name=name, text=text, added=added) for each in singles
        )
    title = say.title or (spoken_basket(say.basket, language) if say.basket else "")
    one, other = (
        differences(Alternatives(say.basket, say.other), language) if say.basket and say.other else ("", "")
    )
    place = joined(say.places, language) if say.places else ""
    since = SINCE[language].get(say.since, "")
    return template.format(
        one=one,
        other=other,
        items=title,
        could=say.could,
        challenge=challenge_words.in_words(say.challenge, language),
        Items=title[:1].upper() + title[1:],
        total=spoken_money(say.basket.total, language) if say.basket else "",
        limit=spoken_money(Money(say.limit, currency), language),
        count=in_words(say.limit, language),
        delivery=_delivery(say.delivery, language),
        comes=_sentence(added) + (_comes(say.basket, say.unusual, language) if say.basket else ""),
        instead=_sentence(say.instead),
        place=place,
        Place=place[:1].upper() + place[1:],
        owner=_possessive(place),
        since=since,
        Since=since[:1].upper() + since[1:],
        standing=STANDINGS[language].get(say.standing, ""),
        level=level_in_words(say.level, language),
        name=name,
        text=text,
        **hears.words(language),
    )


def fixed_sentences(hears: Hears) -> tuple[str, ...]:
    """Those that hold no name, number or product, and so always sound the same. What is only shown is not among
    them."""
    spoken = (reply for key, reply in _with_words(hears).items() if "typed" not in key.split("_"))
    sentences = (part for reply in spoken for part in re.split(r"(?<=[.!?]) +", reply))
    return tuple(dict.fromkeys(part for part in sentences if _is_fixed(part)))


def fixed_replies(hears: Hears) -> dict[str, str]:
    """By their key, the whole replies that are fixed in that way."""
    return {key: reply for key, reply in _with_words(hears).items() if _is_fixed(reply)}


def _with_words(hears: Hears) -> dict[str, str]:
    replies: dict[str, str] = {}
    for key, reply in REPLIES[hears.language].items():
        reply = reply.replace("{comes}", "").replace("{instead}", "")  # a sentence of its own, or none
        for name, words in hears.words(hears.language).items():
            reply = reply.replace(f"{{{name}}}", words)
        replies[key] = reply
    return replies


def _is_fixed(text: str) -> bool:
    return "{" not in text and "}" not in text


_MONEY_WORDS: Mapping[tuple[str, str], tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    ("en", "PLN"): (("zloty", "zloty", "zloty"), ("grosz", "grosz", "grosz")),
    ("en", "EUR"): (("euro", "euros", "euros"), ("cent", "cents", "cents")),
    ("en", "USD"): (("dollar", "dollars", "dollars"), ("cent", "cents", "cents")),
    ("pl", "PLN"): (("złoty", "złote", "złotych"), ("grosz", "grosze", "groszy")),
    ("pl", "EUR"): (("euro", "euro", "euro"), ("cent", "centy", "centów")),
    ("ko", "KRW"): (("원",) * 3, ("전",) * 3),
    ("ko", "PLN"): (("즈워티",) * 3, ("그로시",) * 3),
}


def has_money_words(currency: Currency, language: str) -> bool:
    """Whether amounts are read out in words of the language; else as "twelve CZK"."""
    return (language, currency) in _MONEY_WORDS


def spoken_money(money: Money, language: str) -> str:
    """E.g. "thirty-eight zloty" or "czterdzieści złotych i pięćdziesiąt groszy"."""
    code, one = (money.currency,) * 3, 10 ** minor_digits(money.currency)
    major_words, minor_words = _MONEY_WORDS.get((language, money.currency), (code, (f"/ {one}",) * 3))
    major, minor = divmod(money.minor, one)
    parts = []
    if major or not minor:
        parts.append(f"{in_words(major, language)} {plural(major, *major_words, language)}")
    if minor:
        parts.append(f"{in_words(minor, language)} {plural(minor, *minor_words, language)}")
    return f" {LEXICONS[language].and_joiner} ".join(parts)


_DAYS = {
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    "pl": ("w poniedziałek", "we wtorek", "w środę", "w czwartek", "w piątek", "w sobotę", "w niedzielę"),
    "ko": ("월요일에", "화요일에", "수요일에", "목요일에", "금요일에", "토요일에", "일요일에"),
}
_ARRIVES = {"en": " It comes {day}.", "pl": " Przyjdzie {day}.", "ko": " {day} 도착합니다."}


def on_day(date: str, language: str) -> str:
    """E.g. "on Monday"; '' where `date` is no ISO 8601 date."""
    try:
        return _DAYS[language][datetime.date.fromisoformat(date).weekday()]
    except ValueError:
        return ""


def _sentence(sentence: str) -> str:
    return f" {sentence}" if sentence else ""


def _delivery(date: str, language: str) -> str:
    day = on_day(date, language)
    return _ARRIVES[language].format(day=day) if day else ""


def _comes(basket: Basket, unusual: Unusual | Literal[""], language: str) -> str:
    return _delivery(basket.delivery, language) + why_unusual(unusual, len(basket.lines), language)


def _possessive(name: str) -> str:
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def what_is_low(
    low: Sequence[Low], silent: Sequence[SensorsSilent], language: str, currency: str, hears: Hears
) -> str:
    """The answer to a typed "what is running low?", how to order what waits, and which sensors are silent."""
    says = [
        Say("low_item", basket=item.basket, places=(item.place,), level=item.level, standing=item.state)
        for item in low
    ]
    if any(item.state == "asked" for item in low):
        says.append(Say("low_how"))
    if not low:
        says.append(Say("low_nothing"))
    says += [event.say for event in silent]
    return " ".join(render(say, language, currency, hears) for say in says)
