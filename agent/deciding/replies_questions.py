"""What is said aloud in answer to a question where that is not what is shown to whoever types, and what only
somebody who speaks is told. Data, as `ask_replies`.
"""

from __future__ import annotations

from collections.abc import Mapping

ALOUD: Mapping[str, Mapping[str, str]] = {
    "en": {
        "cancel_really": (
            "Take back {last}: {items}, {total} in total? If so, say: yes, take back my order. Or say: no."
        ),
        "cancel_again": (
            "Your last order still stands. To take it back, say: yes, take back my order. Or say: no."
        ),
        "cancel_other_voice": "That was not the voice that asked, so the order stays.",
        "cancel_not": "I could not take it back: {items}. The order stands; ask the shop.",
        "cancel_by_voice": (
            "More than a voice confirmed that order, so a voice alone does not take it back: {items}. "
            "In writing it can be: earmark chat, or earmark cancel."
        ),
        "return_really": (
            "Send back {last}: {items}, {total} in total? If so, say: yes, send back my order. Or say: no."
        ),
        "return_again": (
            "Nothing goes back yet. To send back your last order, say: yes, send back my order. Or say: no."
        ),
        "return_other_voice": "That was not the voice that asked, so nothing goes back.",
        "return_by_voice": (
            "More than a voice confirmed that order, so a voice alone does not send it back: {items}. "
            "In writing it can be: earmark chat."
        ),
        "quote_really": (
            "Shall I ask the shop for a quote for {items}? It orders nothing. Say: yes, a quote. Or say: no."
        ),
        "quote_again": "Shall I ask the shop for a quote? Say: yes, a quote. Or say: no.",
        "quote_stays": "All right, no quote. Nothing is ordered.",
        "list_clear_really": (
            "Take everything off the list? Things on it: {count}. If so, say: yes, clear the list. Or say: no."
        ),
        "list_clear_again": "The list is as it was. To empty it, say: yes, clear the list. Or say: no.",
        "list_clear_other_voice": "That was not the voice that asked, so the list is as it was.",
        "list_clear_stays": "All right, the list is as it was.",
        "person_really": (
            "Shall I tell the shop that you want to talk to a person? Say: yes, tell the shop. Or say: no."
        ),
        "person_again": "Shall I tell the shop? Say: yes, tell the shop. Or say: no.",
        "person_stays": "All right, I tell nobody.",
        "whose_unknown": (
            "I tell that only to somebody whose voice I know. It also stands in: earmark orders."
        ),
        "whose_unclear": "I could not tell whose voice that was. Come closer and ask once more.",
        "offers_more": "On offer: {offers}. All of them: earmark chat.",
        "recalled_many": (
            "{Period}: {count}, {total} in total. The last one: {last}. All of them: earmark chat."
        ),
    },
    "pl": {
        "cancel_really": (
            "Cofnąć {last}: {items}, razem {total}? Jeśli tak, powiedz: tak, cofnij "
            "moje zamówienie. Albo: nie."
        ),
        "cancel_again": (
            "Ostatnie zamówienie nadal obowiązuje. Żeby je cofnąć, powiedz: tak, cofnij moje "
            "zamówienie. Albo: nie."
        ),
        "cancel_other_voice": "To nie ten głos, który pytał, więc zamówienie pozostaje.",
        "cancel_not": "Nie mogę tego cofnąć: {items}. Zamówienie pozostaje; zapytaj w sklepie.",
        "cancel_by_voice": (
            "To zamówienie potwierdził nie tylko głos, więc sam głos go nie cofnie: {items}. "
            "Można to zrobić na piśmie: earmark chat albo earmark cancel."
        ),
        "return_really": (
            "Odesłać {last}: {items}, razem {total}? Jeśli tak, powiedz: tak, odeślij "
            "moje zamówienie. Albo: nie."
        ),
        "return_again": (
            "Na razie nic nie wraca. Żeby odesłać ostatnie zamówienie, powiedz: tak, odeślij moje "
            "zamówienie. Albo: nie."
        ),
        "return_other_voice": "To nie ten głos, który pytał, więc nic nie wraca.",
        "return_by_voice": (
            "To zamówienie potwierdził nie tylko głos, więc sam głos go nie odeśle: {items}. "
            "Można to zrobić na piśmie: earmark chat."
        ),
        "quote_really": (
            "Zapytać sklep o wycenę na {items}? Niczego to nie zamawia. Powiedz: tak, zapytaj o wycenę. Albo: nie."
        ),
        "quote_again": "Zapytać sklep o wycenę? Powiedz: tak, zapytaj o wycenę. Albo: nie.",
        "quote_stays": "Dobrze, bez wyceny. Nic nie jest zamówione.",
        "list_clear_really": (
            "Skreślić wszystko z listy? Liczba rzeczy na niej: {count}. Jeśli tak, powiedz: tak, wyczyść listę."
            " Albo: nie."
        ),
        "list_clear_again": "Lista jest taka, jak była. Żeby ją opróżnić, powiedz: tak, wyczyść listę. Albo: nie.",
        "list_clear_other_voice": "To nie ten głos, który o to prosił, więc lista jest taka, jak była.",
        "list_clear_stays": "Dobrze, lista jest taka, jak była.",
        "person_really": (
            "Powiadomić sklep, że ktoś chce z nim porozmawiać? Powiedz: tak, powiadom sklep. Albo: nie."
        ),
        "person_again": "Powiadomić sklep? Powiedz: tak, powiadom sklep. Albo: nie.",
        "person_stays": "Dobrze, nikogo nie powiadamiam.",
        "whose_unknown": ("To mówię tylko komuś, czyj głos znam. Pokazuje to też: earmark orders."),
        "whose_unclear": "Nie wiem na pewno, czyj to głos. Podejdź bliżej i zapytaj jeszcze raz.",
        "offers_more": "W promocji: {offers}. Wszystkie: earmark chat.",
        "recalled_many": ("{Period}: {count}, razem {total}. Ostatnie: {last}. Wszystkie: earmark chat."),
    },
}
