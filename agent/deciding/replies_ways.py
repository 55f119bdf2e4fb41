"""The other ways that are offered after a reply, each a sentence of its own, as `agent.deciding.reply_words`;
and what is said where a way has ended. `typed_way_…`: as whoever types goes that way."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "way_badge": "Or hold up your badge first.",
    "way_phone": "Your phone can approve it, too.",
    "way_chat": "Or type the order: earmark chat.",
    "way_person": "A person can help: say {wake}, talk to a person.",
    "typed_way_person": "Or type: talk to a person.",
    "not_confirmed": "It was not confirmed, so I have ordered nothing. Say the order again. Whoever looks after me sets a new PIN: earmark pin.",
    "hard_to_hear": "I cannot hear you well here.",
}

_POLISH = {
    "way_badge": "Albo najpierw przyłóż kartę.",
    "way_phone": "Może to też potwierdzić Twój telefon.",
    "way_chat": "Albo napisz zamówienie: earmark chat.",
    "way_person": "Pomoże też człowiek: powiedz {wake}, chcę rozmawiać z człowiekiem.",
    "typed_way_person": "Albo napisz: chcę rozmawiać z człowiekiem.",
    "not_confirmed": "Nie zostało to potwierdzone, więc niczego nie zamówiłem. Powtórz zamówienie. Nowy PIN ustawia opiekun urządzenia: earmark pin.",
    "hard_to_hear": "Słabo Cię tu słyszę.",
}

_KOREAN = {
    "way_badge": "또는 먼저 카드를 대 주세요.",
    "way_phone": "휴대전화로 승인하셔도 됩니다.",
    "way_chat": "또는 주문을 입력해 주세요: earmark chat.",
    "way_person": "또는 가게에 문의해 주세요.",
    "typed_way_person": "또는 가게에 문의해 주세요.",
    "not_confirmed": "확인되지 않아 아무것도 주문하지 않았습니다. 주문을 다시 말씀해 주세요. 새 비밀번호는 관리하는 분이 정합니다: earmark pin.",
    "hard_to_hear": "여기서는 잘 들리지 않습니다.",
}

WAYS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
