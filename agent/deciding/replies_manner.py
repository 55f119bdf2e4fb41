"""What the device says about how it speaks, and to whoever says that it went wrong, as
`agent.deciding.reply_words`."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "pace_slower": "All right, I speak more slowly from now on.",
    "pace_faster": "All right, I speak faster from now on.",
    "pace_slowest": "I cannot speak more slowly than this.",
    "pace_fastest": "I cannot speak faster than this.",
    "nothing_to_repeat": "I have said nothing just now. Say: {wake}, order, and what you need.",
    "said_once": "That I say only to whoever asks for it. Ask me again.",
    "language_fixed": "I hear and speak {tongue} only. Whoever looks after me can change the language in my settings, and brings its models with: earmark models fetch. Or type in your language: earmark chat.",
    "typed_tongue_now": "All right, in English from now on.",
    "typed_tongue_unsold": "Nothing that is sold here has words in that language, so I go on as before. Here you can type: {text}.",
    "typed_tongues": "Type which language: {text}.",
    "wrong_noted": "I am sorry. I have noted what I understood, and no word of yours. Is an order to be taken back? Say it in the shop, or type: cancel my last order.",
    "wrong_noted_open": "I am sorry. I have noted what I understood, and no word of yours. Nothing is ordered. Say: {wake}, and your order again.",
    "wrong_lost": "I am sorry, and I could not note it. Is an order to be taken back? Say it in the shop, or type: cancel my last order.",
    "wrong_lost_open": "I am sorry, and I could not note it. Nothing is ordered. Say: {wake}, and your order again.",
}

_POLISH = {
    "pace_slower": "Dobrze, od teraz mówię wolniej.",
    "pace_faster": "Dobrze, od teraz mówię szybciej.",
    "pace_slowest": "Wolniej już nie umiem.",
    "pace_fastest": "Szybciej już nie umiem.",
    "nothing_to_repeat": "Przed chwilą nic nie mówiłem. Zamów coś, na przykład: poproszę {example}.",
    "said_once": "To mówię tylko temu, kto o to pyta. Zapytaj jeszcze raz.",
    "language_fixed": "Słyszę i mówię tylko {tongue}. Opiekun urządzenia może zmienić język w ustawieniach i przynieść jego modele: earmark models fetch. Albo pisz w swoim języku: earmark chat.",
    "typed_tongue_now": "Dobrze, od teraz po polsku.",
    "typed_tongue_unsold": "Nic, co się tu sprzedaje, nie ma nazwy w tym języku, więc piszę dalej jak dotąd. Tutaj można napisać: {text}.",
    "typed_tongues": "Napisz, w jakim języku: {text}.",
    "wrong_noted": "Przepraszam. Zapisałem, co zrozumiałem, i ani jednego Twojego słowa. Czy cofnąć zamówienie? Powiedz to w sklepie albo napisz: anuluj ostatnie zamówienie.",
    "wrong_noted_open": "Przepraszam. Zapisałem, co zrozumiałem, i ani jednego Twojego słowa. Nic nie jest zamówione. Powiedz zamówienie jeszcze raz.",
    "wrong_lost": "Przepraszam, i nie mogę tego zapisać. Czy cofnąć zamówienie? Powiedz to w sklepie albo napisz: anuluj ostatnie zamówienie.",
    "wrong_lost_open": "Przepraszam, i nie mogę tego zapisać. Nic nie jest zamówione. Powiedz zamówienie jeszcze raz.",
}

_KOREAN = {
    "pace_slower": "네, 이제부터 더 천천히 말하겠습니다.",
    "pace_faster": "네, 이제부터 더 빨리 말하겠습니다.",
    "pace_slowest": "이보다 더 천천히 말할 수 없습니다.",
    "pace_fastest": "이보다 더 빨리 말할 수 없습니다.",
    "nothing_to_repeat": "방금 말한 것이 없습니다. {wake} 다음에 필요한 것을 말씀해 주세요.",
    "said_once": "그것은 물어보신 분에게만 말합니다. 다시 물어봐 주세요.",
    "language_fixed": "{tongue}만 듣고 말합니다. 관리하는 분이 설정에서 언어를 바꾸고 모델을 가져올 수 있습니다: earmark models fetch. 다른 언어로 입력하시려면: earmark chat.",
    "typed_tongue_now": "네, 이제부터 한국어로 하겠습니다.",
    "typed_tongue_unsold": "여기서 파는 것에 그 언어로 된 이름이 없어서 그대로 계속합니다. 여기서는 이렇게 입력할 수 있습니다: {text}.",
    "typed_tongues": "어떤 언어로 할지 입력해 주세요: {text}.",
    "wrong_noted": "죄송합니다. 제가 이해한 것만 적어 두었고 하신 말씀은 남기지 않았습니다. 주문을 취소하시려면 가게에 말씀하시거나 입력해 주세요: earmark chat.",
    "wrong_noted_open": "죄송합니다. 제가 이해한 것만 적어 두었고 하신 말씀은 남기지 않았습니다. 아무것도 주문하지 않았습니다. 주문을 다시 말씀해 주세요.",
    "wrong_lost": "죄송합니다. 적어 두지 못했습니다. 주문을 취소하시려면 가게에 말씀하시거나 입력해 주세요: earmark chat.",
    "wrong_lost_open": "죄송합니다. 적어 두지 못했습니다. 아무것도 주문하지 않았습니다. 주문을 다시 말씀해 주세요.",
}

MANNERS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}

TONGUES: Mapping[str, Mapping[str, str]] = {
    "en": {"en": "English", "pl": "Polish", "ko": "Korean"},
    "pl": {"en": "po angielsku", "pl": "po polsku", "ko": "po koreańsku"},
    "ko": {"en": "영어", "pl": "폴란드어", "ko": "한국어"},
}
"""What a device hears and speaks, by the language in which that is said."""
