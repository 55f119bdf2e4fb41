"""Why more is asked for than usual: a sentence of its own beside what is read back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agent.deciding.unusual import Unusual

_SENTENCES: Mapping[str, Mapping[str, str]] = {
    "en": {
        "goods": " That is new among what you order.",
        "some_goods": " Something in it is new among what you order.",
        "amount": " That is much more than your orders cost so far.",
        "hour": " That is not an hour at which you usually order.",
    },
    "pl": {
        "goods": " To nowość wśród Twoich zamówień.",
        "some_goods": " Coś z tego to nowość wśród Twoich zamówień.",
        "amount": " To dużo więcej, niż kosztowały dotąd Twoje zamówienia.",
        "hour": " To nie jest Twoja zwykła pora zamówień.",
    },
    "ko": {
        "goods": " 전에는 주문하지 않으시던 상품입니다.",
        "some_goods": " 전에는 주문하지 않으시던 상품이 들어 있습니다.",
        "amount": " 지금까지의 주문보다 훨씬 큰 금액입니다.",
        "hour": " 평소에 주문하지 않으시던 시간입니다.",
    },
}


def why_unusual(why: Unusual | Literal[""], lines: int, language: str) -> str:
    """With a space before it; '' where nothing is. `lines`: of what is ordered. Raises KeyError for no such
    language."""
    key = "some_goods" if why == "goods" and lines > 1 else why
    return _SENTENCES[language][key] if key else ""
