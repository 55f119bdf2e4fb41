"""What somebody says about the device's knowledge of them, by language and kind. Data.

As few and as distinct as will do: after the wake word each competes with every order. "Delete" answers the
question whether to forget, since "forget" denies in every other answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Kind = Literal["enrol", "forget", "known", "remember"]
KINDS: Mapping[str, Kind] = {kind: kind for kind in get_args(Kind)}

ABOUT_ME: Mapping[str, Mapping[Kind, tuple[str, ...]]] = {
    "en": {
        "enrol": ("enroll me", "learn my voice"),
        "forget": ("forget my voice",),
        "known": ("what do you know about me",),
        "remember": ("you may remember what i order", "remember what i order", "remember my orders"),
    },
    "pl": {
        "enrol": ("naucz się mojego głosu", "zapisz mój głos"),
        "forget": ("zapomnij mój głos",),
        "known": ("co o mnie wiesz",),
        "remember": ("możesz pamiętać co zamawiam", "pamiętaj co zamawiam", "pamiętaj moje zamówienia"),
    },
    "ko": {},
}
"""After the wake word, or typed."""

ALSO_TYPED: Mapping[str, Mapping[Kind, tuple[str, ...]]] = {
    "en": {
        "enrol": ("enrol me", "register me", "register my voice", "remember my voice"),
        "forget": ("forget me", "delete my voice", "delete me", "delete everything about me"),
        "known": (
            "what do you know of me",
            "what data do you have about me",
            "what do you keep about me",
            "who am i",
        ),
        "remember": ("you may remember my orders", "you may use my orders"),
    },
    "pl": {
        "enrol": ("zapamiętaj mój głos", "zarejestruj mnie", "zarejestruj mój głos"),
        "forget": ("zapomnij mnie", "zapomnij o mnie", "usuń mój głos", "usuń mnie", "usuń wszystko o mnie"),
        "known": ("co wiesz o mnie", "jakie masz o mnie dane", "jakie dane masz o mnie", "kim jestem"),
        "remember": ("możesz pamiętać moje zamówienia", "zapamiętuj co zamawiam"),
    },
    "ko": {},
}
"""In no grammar that is heard."""

FORGET_CONSENTS: Mapping[str, tuple[str, ...]] = {
    "en": ("yes delete my voice", "delete my voice", "yes please delete my voice"),
    "pl": ("tak usuń mój głos", "usuń mój głos"),
    "ko": (),
}

REMEMBER_CONSENTS: Mapping[str, tuple[str, ...]] = {
    "en": ("yes you may remember my orders", "yes remember my orders", "yes please remember my orders"),
    "pl": ("tak możesz pamiętać moje zamówienia", "tak pamiętaj moje zamówienia"),
    "ko": (),
}
"""To being suggested something out of one's own orders: sentences to know a voice by."""

NEWCOMERS: Mapping[str, str] = {
    "en": "new voice {number}",
    "pl": "nowy głos {number}",
    "ko": "새 목소리 {number}",
}
"""What somebody is called whom nobody has admitted yet."""
