"""What is said about the shopping list, aloud and to whoever types, by language. Data: `ON_A_LIST` is part of
`agent.deciding.reply_words`, `LIST_REPLIES` answers what is typed or said of it.

`{items}` is a basket in words, `{total}` what it costs today.
"""

from __future__ import annotations

from collections.abc import Mapping

ON_A_LIST: Mapping[str, Mapping[str, str]] = {
    "en": {
        "list_due": "I was to remind you of the list: {items}, {total} in total. Nothing is ordered yet. To order it, say: {wake}, {aloud}.",
    },
    "pl": {
        "list_due": "Przypominam o liście zakupów: {items}, razem {total}. Nic jeszcze nie jest zamówione. Żeby zamówić, powiedz: {wake}, {aloud}.",
    },
    "ko": {
        "list_due": "장보기 목록을 알려 드립니다: {items}, 모두 {total}. 아직 아무것도 주문하지 않았습니다. 주문하려면 이렇게 말해 주세요: {wake}, {aloud}.",
    },
}

_ENGLISH = {
    "list_added": "On the list: {items}.",
    "list_is": "The list: {items}, {total} in total today. Nothing of it is ordered. To order it: order the list.",
    "list_begins": (
        "The list begins: {items}. There is more on it, {total} in total today. Nothing of it is ordered. To order"
        " it: order the list. All of it: earmark chat."
    ),
    "list_whose": "The list is for people whose voice I know. It can also be typed: earmark chat.",
    "habit_whose": "I tell that only to the person whose voice I know. It can also be typed: earmark chat.",
    "list_empty": "Nothing is on the list. Put something there, for example: add {example} to the list.",
    "list_gone": "The shop does not sell this any more: {items}. It stays on the list until it is cleared.",
    "list_in_parts": "The list is more than fits into one order. The rest stays on it: order the list again.",
    "list_removed": "Off the list: {items}.",
    "list_not_there": "That is not on the list: {items}. What is there: what is on the list.",
    "list_cleared": "The list is empty now. On it was: {items}.",
    "list_emptied": "The list is empty now.",
    "list_about_what": "What should be on the list? For example: add {example} to the list.",
    "list_unsold": "I know no single thing of that name here, so the list is as it was. Name it in full, for example: add {example} to the list.",
    "list_will_remind": (
        "{Day}, {date}, from {time}, I say aloud what is on the list. Nothing is ordered by itself: somebody"
        " I know agrees, as always."
    ),
    "list_reminds": "I say so aloud {day}, {date}. If not: do not remind me.",
    "list_will_remind_aloud": (
        "{Day} I say aloud what is on the list. Nothing is ordered by itself: somebody I know agrees, as always."
    ),
    "list_reminds_aloud": "I say so aloud {day}. If not, type: do not remind me.",
    "list_unreminded": "All right, I do not speak of the list by myself.",
    "list_full": "The list is full. Order it, or take something off it.",
    "list_not_kept": (
        "I could not write that down, so the list is as it was. Somebody looks after me with: earmark doctor."
    ),
    "list_no_clock": "I do not know the time yet, so I cannot name a day. Try again once I have reached the shop.",
}

_POLISH = {
    "list_added": "Na liście mam: {items}.",
    "list_is": (
        "Na liście mam: {items}, dziś razem {total}. Nic z niej nie jest zamówione. Żeby zamówić: zamów listę."
    ),
    "list_begins": (
        "Na początku listy mam: {items}. Jest na niej więcej, dziś razem {total}. Nic z niej nie jest zamówione."
        " Żeby zamówić: zamów listę. Cała lista: earmark chat."
    ),
    "list_whose": "Lista jest dla osób, których głos znam. Można też pisać: earmark chat.",
    "habit_whose": "To mówię tylko osobie, której głos znam. Można też pisać: earmark chat.",
    "list_empty": "Na liście nic nie ma. Dopisz coś, na przykład: dopisz {example} do listy.",
    "list_gone": "Sklep już tego nie sprzedaje: {items}. Zostaje na liście, aż ktoś ją wyczyści.",
    "list_in_parts": "Lista nie mieści się w jednym zamówieniu. Reszta na niej zostaje: zamów potem listę jeszcze raz.",
    "list_removed": "Skreśliłem z listy: {items}.",
    "list_not_there": "Tego na liście nie ma: {items}. Co na niej jest: co jest na liście.",
    "list_cleared": "Lista jest teraz pusta. Skreśliłem: {items}.",
    "list_emptied": "Lista jest teraz pusta.",
    "list_about_what": "Co dopisać do listy? Na przykład: dopisz {example} do listy.",
    "list_unsold": "Nie znam tu jednej rzeczy o takiej nazwie, więc lista jest taka, jak była. Podaj pełną nazwę, na przykład: dopisz {example} do listy.",
    "list_will_remind": (
        "{Day}, {date}, od {time} powiem na głos, co jest na liście. Nic nie zamawia się samo: jak zawsze"
        " zgadza się ktoś, kogo znam."
    ),
    "list_reminds": "Powiem o niej na głos {day}, {date}. Jeśli nie: nie przypominaj mi.",
    "list_will_remind_aloud": (
        "{Day} powiem na głos, co jest na liście. Nic nie zamawia się samo: jak zawsze zgadza się ktoś, kogo znam."
    ),
    "list_reminds_aloud": "Powiem o niej na głos {day}. Jeśli nie, napisz: nie przypominaj mi.",
    "list_unreminded": "Dobrze, nie będę o liście przypominać.",
    "list_full": "Lista jest pełna. Zamów ją albo coś z niej skreśl.",
    "list_not_kept": "Nie mogę tego zapisać, więc lista jest taka, jak była. Opiekun urządzenia: earmark doctor.",
    "list_no_clock": "Nie znam jeszcze godziny, więc nie mogę podać dnia. Spróbuj, kiedy połączę się ze sklepem.",
}

LIST_REPLIES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH}
