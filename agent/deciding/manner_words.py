"""What people say to the device about how it speaks, and that it went wrong. Data, by language.

As few and as distinct as will do: after the wake word each competes with every order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Manner = Literal["slower", "faster", "language", "wrong"]
"""`wrong`: what was understood or done is not what was wanted. `language`: another one is wished for."""

MANNERS: Mapping[str, Mapping[Manner, tuple[str, ...]]] = {
    "en": {
        "slower": ("slower", "speak slower", "speak more slowly", "speak slowly"),
        "faster": ("speak faster", "speak more quickly"),
        "language": ("another language", "speak another language", "change the language", "other language"),
        "wrong": (
            *("that was wrong", "that is wrong", "thats wrong", "that was not right", "you got that wrong"),
            *("thats not what i said", "that is not what i said", "thats not what i meant"),
        ),
    },
    "pl": {
        "slower": ("wolniej", "mów wolniej", "mów powoli"),
        "faster": ("mów szybciej",),
        "language": ("inny język", "zmień język", "mów w innym języku"),
        "wrong": ("to było źle", "to źle", "to nie tak", "nie to powiedziałem", "nie to powiedziałam"),
    },
    "ko": {
        "slower": ("천천히 말해 주세요", "더 천천히 말해 주세요"),
        "faster": ("더 빨리 말해 주세요",),
        "language": ("다른 언어", "다른 언어로 말해 주세요"),
        "wrong": ("잘못 들었어", "틀렸 어요"),
    },
}

WISHES: Mapping[str, Manner] = {
    "slower": "slower",
    "faster": "faster",
    "language": "language",
    "wrong": "wrong",
}


@dataclass(frozen=True)
class MannerAsked:
    """Somebody said one of these."""

    kind: Manner
