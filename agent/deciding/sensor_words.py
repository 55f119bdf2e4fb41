"""What sensors tell, in words: how much is left, since when one is silent, what became of a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from agent.deciding.silences import Since
from agent.plumbing.operator import ProposalState

_LEVELS: Mapping[str, tuple[tuple[float, str], ...]] = {
    "en": (
        (0, "almost empty"),
        (1 / 10, "down to a tenth"),
        (1 / 5, "down to a fifth"),
        (1 / 4, "down to a quarter"),
        (1 / 3, "down to a third"),
        (1 / 2, "half empty"),
        (2 / 3, "down to two thirds"),
        (1, "nearly full"),
    ),
    "pl": (
        (0, "zostało bardzo mało"),
        (1 / 10, "została jedna dziesiąta"),
        (1 / 5, "została jedna piąta"),
        (1 / 4, "została jedna czwarta"),
        (1 / 3, "została jedna trzecia"),
        (1 / 2, "została połowa"),
        (2 / 3, "zostały dwie trzecie"),
        (1, "jest prawie pełno"),
    ),
    "ko": (
        (0, "거의 비었습니다"),
        (1 / 10, "십분의 일 남았습니다"),
        (1 / 5, "오분의 일 남았습니다"),
        (1 / 4, "사분의 일 남았습니다"),
        (1 / 3, "삼분의 일 남았습니다"),
        (1 / 2, "반 남았습니다"),
        (2 / 3, "삼분의 이 남았습니다"),
        (1, "거의 가득 찼습니다"),
    ),
}


def level_in_words(level: float, language: str) -> str:
    """What is left, 0 to 1, as the nearest fraction that people use."""
    return min(_LEVELS[language], key=lambda known: abs(known[0] - level))[1]


SINCE: Mapping[str, Mapping[Since | Literal[""], str]] = {
    "en": {
        "never": "yet",
        "today": "for some time",
        "yesterday": "since yesterday",
        "monday": "since Monday",
        "tuesday": "since Tuesday",
        "wednesday": "since Wednesday",
        "thursday": "since Thursday",
        "friday": "since Friday",
        "saturday": "since Saturday",
        "sunday": "since Sunday",
        "long_ago": "for more than a week",
    },
    "pl": {
        "never": "jak dotąd",
        "today": "od pewnego czasu",
        "yesterday": "od wczoraj",
        "monday": "od poniedziałku",
        "tuesday": "od wtorku",
        "wednesday": "od środy",
        "thursday": "od czwartku",
        "friday": "od piątku",
        "saturday": "od soboty",
        "sunday": "od niedzieli",
        "long_ago": "od ponad tygodnia",
    },
    "ko": {
        "never": "아직까지",
        "today": "얼마 전부터",
        "yesterday": "어제부터",
        "monday": "월요일부터",
        "tuesday": "화요일부터",
        "wednesday": "수요일부터",
        "thursday": "목요일부터",
        "friday": "금요일부터",
        "saturday": "토요일부터",
        "sunday": "일요일부터",
        "long_ago": "일주일 넘게",
    },
}
"""Since when a sensor has not been heard."""

STANDINGS: Mapping[str, Mapping[ProposalState | Literal[""], str]] = {
    "en": {
        "not_asked_yet": "not asked about yet",
        "asked": "asked about",
        "declined": "not wanted",
        "on_its_way": "on its way",
    },
    "pl": {
        "not_asked_yet": "jeszcze nie pytałem",
        "asked": "już pytałem",
        "declined": "odmówiono",
        "on_its_way": "już w drodze",
    },
    "ko": {
        "not_asked_yet": "아직 묻지 않았습니다",
        "asked": "물어보았습니다",
        "declined": "원하지 않으셨습니다",
        "on_its_way": "오는 중입니다",
    },
}
"""What has become of a proposal."""
