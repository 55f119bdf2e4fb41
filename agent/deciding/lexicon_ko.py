"""Korean words around the products: only those that the Korean Vosk model knows, in its spacing, unless they
are typed."""

from __future__ import annotations

from agent.deciding.word_kinds import Lexicon, UnitWords

KOREAN = Lexicon(
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
    repeat_phrases=("다시 말해 주세요", "다시 말씀해 주세요", "한 번 더 말해 주세요"),
    low_questions=("뭐가 부족해", "무엇이 부족해", "뭐가 떨어졌어", "뭐가 떨어지고 있어"),
    endings=(
        *("주세요", "주문해 주세요", "주문 할게요", "부탁해요", "부탁 합니다", "부탁합니다"),
        "줘",
    ),
)
