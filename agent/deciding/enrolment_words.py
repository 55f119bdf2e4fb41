"""The sentences that are read aloud while a voice is learned, by the language that the device hears. Data.

They hold what a person will be verified in: an order and the consent (in English the wake phrase as well,
which recognisers of other languages do not know), and other sounds besides.
"""

from __future__ import annotations

from collections.abc import Mapping

ENROLMENT_PHRASES: Mapping[str, tuple[str, ...]] = {
    "en": (
        "okay nabu order two bags of coffee",
        "okay nabu what do we have in the kitchen today",
        "my voice is the key to this little shop",
        "please read my order back before you place it",
        "okay nabu yes place my order and thank you",
        "the quick brown fox jumps over the lazy dog",
    ),
    "pl": (
        "poproszę dwie paczki kawy i karton mleka",
        "co mamy dzisiaj w kuchni na śniadanie",
        "mój głos jest kluczem do tego małego sklepu",
        "przeczytaj mi zamówienie zanim je złożysz",
        "tak złóż moje zamówienie i bardzo dziękuję",
        "wczoraj wieczorem długo padał deszcz",
    ),
    # In the spacing of the Korean model, of whose words they consist.
    "ko": (
        "커피 두 봉지 하고 우유 한 팩 주세요",
        "오늘 우리 집 부엌 에 뭐가 있어요",
        "제 목소리 는 이 작은 가게 의 열쇠 입니다",
        "주문 하기 전 에 다시 한번 읽어 주세요",
        "네 그대로 주문해 주세요 감사 합니다",
        "어제 저녁 에 비 가 아주 많이 왔어요",
    ),
}
