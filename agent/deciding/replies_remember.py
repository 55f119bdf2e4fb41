"""What is said where somebody lets the device look at what they have ordered, to suggest something to them, as
`agent.deciding.reply_words`."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "remember_ask": "{name}, may I look at what you have ordered, and say what you may have forgotten when you ask me for it? It stays on this device, and you can stop it at any time: stop remembering. If you agree, say: yes, you may remember my orders. Or say: no.",
    "remember_again": "I am still asking. If I may look at what you have ordered, say: yes, you may remember my orders. Or say: no.",
    "remember_done": "Thank you, {name}. Ask me: {wake}, what do I usually forget. To stop it, say: {wake}, stop remembering.",
    "remember_already": "{name}, I may look at your orders already. Ask me: {wake}, what do I usually forget. To stop it, say: {wake}, stop remembering.",
    "remember_not": "All right, I do not look at your orders.",
    "remember_other_voice": "That was not surely the voice that asked, so I do not look at your orders. Say again: {wake}, you may remember what I order.",
    "remember_failed": "I could not write that down, so I do not look at your orders. Somebody looks after me with: earmark doctor.",
}

_POLISH = {
    "remember_ask": "{name}, czy mogę zaglądać w Twoje zamówienia i na Twoje pytanie podpowiadać, o czym zapominasz? Wszystko zostaje na tym urządzeniu, a zgodę cofniesz w każdej chwili: przestań pamiętać. Jeśli się zgadzasz, powiedz: tak, możesz pamiętać moje zamówienia. Albo powiedz: nie.",
    "remember_again": "Nadal pytam. Jeśli mogę zaglądać w Twoje zamówienia, powiedz: tak, możesz pamiętać moje zamówienia. Albo powiedz: nie.",
    "remember_done": "Dziękuję, {name}. Zapytaj: o czym zwykle zapominam. Żeby cofnąć zgodę, powiedz: przestań pamiętać.",
    "remember_already": "{name}, mogę już zaglądać w Twoje zamówienia. Zapytaj: o czym zwykle zapominam. Żeby cofnąć zgodę, powiedz: przestań pamiętać.",
    "remember_not": "Dobrze, nie zaglądam w Twoje zamówienia.",
    "remember_other_voice": "Nie mam pewności, że to ten sam głos, więc nie zaglądam w Twoje zamówienia. Powiedz jeszcze raz: możesz pamiętać, co zamawiam.",
    "remember_failed": "Nie mogę tego zapisać, więc nie zaglądam w Twoje zamówienia. Opiekun urządzenia: earmark doctor.",
}

_KOREAN = {
    "remember_ask": "{name} 님의 주문을 보고 제안하려면 관리하는 분이 허락해야 합니다: earmark people remember.",
    "remember_again": "주문을 보고 제안하려면 관리하는 분께 말해 주세요: earmark people remember.",
    "remember_done": "감사합니다, {name} 님. 이제 주문을 보고 제안할 수 있습니다.",
    "remember_already": "{name} 님의 주문은 이미 볼 수 있습니다.",
    "remember_not": "알겠습니다. 주문을 보지 않습니다.",
    "remember_other_voice": "같은 목소리인지 확실하지 않아서 주문을 보지 않습니다: earmark people remember.",
    "remember_failed": "적어 두지 못해 주문을 보지 않습니다. 관리하는 분께 말해 주세요: earmark doctor.",
}

REMEMBER: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
