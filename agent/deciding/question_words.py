"""What can be asked beside orders, as sentence templates by language and kind of question.

Data, in the language of hassil: (one|other), [optional], {item} for what somebody could order.
"""

from __future__ import annotations

from collections.abc import Mapping

QUESTION_TEMPLATES: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "en": {
        "price": (
            "how much (is|are|would be|for) [the] {item}",
            "how much (does|do|would|will) [the] {item} cost",
            "what (does|do|would|will) [the] {item} cost",
            "(what is|what are|tell me) the (price|prices|cost) of [the] {item}",
            "[the] price of [the] {item}",
        ),
    },
    "pl": {
        "price": (
            "ile [by] (kosztuje|kosztują|kosztowało|kosztowała|kosztowały) {item}",
            "ile (kosztowałoby|kosztowałaby|kosztowałyby) {item}",
            "ile (będzie|będą) (kosztować|kosztowało|kosztowała|kosztowały) {item}",
            "po ile [jest|są|macie] {item}",
            "ile zapłacę za {item}",
            "[jaka jest|podaj|jakie są] (cena|cenę|ceny) {item}",
            "ile za {item}",
        ),
    },
}
