"""What is answered to questions beside the price, as sentences by key and language; typed only, so nothing of
it is spoken. Data; `agent.deciding.telling` fills it in.

`{items}` is a basket in words, `{comes}` a sentence about its day, with a space before it, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "ask_offline": "I cannot know that while I do not reach the shop.",
    "ask_silent": "The shop did not answer. Ask again in a moment, or ask in the shop.",
    "ask_about_what": "About what? Name it, for example: {example}.",
    "ask_no_order": "I know of no order yet.",
    "ask_answered": "All right.",
    "stock_enough": "In stock: {items}.",
    "stock_less": "Of {items} the shop has only {left}.",
    "stock_none": "Out of stock: {items}.",
    "stock_unsold": "The shop does not sell it any more: {items}.",
    "status_queued": "Your last order waits for the shop: {items}. I will tell you when the shop has it.",
    "status_placed": (
        "The shop has your last order, number {number}: {items}.{comes} Until it is handed over you can "
        "take it back: cancel my last order."
    ),
    "status_accepted": "Your last order is being handed over, number {number}: {items}.{comes}",
    "status_cancelled": "Your last order is cancelled, number {number}: {items}.",
    "status_over": "Your last order was not placed: {items}. Nothing is ordered; you can order it again.",
    "status_taken_back": "Your last order was taken back: {items}. Nothing is ordered.",
    "status_unknown": "The shop does not know your last order: {items}. Ask in the shop.",
    "cancel_really": "Take your last order back: {items}, {total} in total? Type: yes. Or type: no.",
    "cancel_stays": "All right, the order stays: {items}.",
    "cancel_done": "Cancelled before it had left: {items}. Nothing is ordered.",
    "cancel_asked": (
        "I have asked the shop to cancel: {items}. The shop says which came first, and I will tell you."
    ),
    "cancel_too_late": "It is too late to cancel: {items}. The order stands; ask the shop.",
    "cancel_over": "There is nothing to take back: {items} was not placed.",
    "cancel_not": "I could not take it back: {items}. The order stands; see earmark doctor, or ask the shop.",
    "delivery_day": "Ordered now, it would be there {day}.",
    "offers_none": "The shop has nothing on offer at the moment.",
    "offers_are": "On offer: {offers}.",
    "offer_until": "{offer} (until {until})",
    "details_unknown": "The shop's details do not say that of {items}. Ask in the shop.",
    "where_is": "{Items}: aisle {aisle}.",
    "where_is_bin": "{Items}: aisle {aisle}, bin {bin}.",
    "goes_with": "With {items} goes {others}.",
    "fits_all": "{Items} fits {fits}.",
    "fits_yes": "Yes: {items} fits {value}.",
    "fits_not_named": "For {items} the shop's details name {fits}, and not {value}. Ask in the shop.",
    "fits_attribute": "{Items}: {attribute} {value}.",
}

_POLISH = {
    "ask_offline": "Nie mogę tego wiedzieć, dopóki nie łączę się ze sklepem.",
    "ask_silent": "Sklep nie odpowiedział. Zapytaj za chwilę jeszcze raz albo w sklepie.",
    "ask_about_what": "O co pytasz? Nazwij to, na przykład: {example}.",
    "ask_no_order": "Nie znam jeszcze żadnego zamówienia.",
    "ask_answered": "Dobrze.",
    "stock_enough": "Sklep ma: {items}.",
    "stock_less": "Pytasz o {items}, a sklep ma tylko {left}.",
    "stock_none": "Pytasz o {items}: sklep teraz tego nie ma.",
    "stock_unsold": "Pytasz o {items}: sklep już tego nie sprzedaje.",
    "status_queued": "Twoje ostatnie zamówienie czeka na sklep: {items}. Powiem, kiedy sklep je przyjmie.",
    "status_placed": (
        "Sklep ma Twoje ostatnie zamówienie, numer {number}: {items}.{comes} Dopóki nie jest wydane, możesz"
        " je cofnąć: anuluj ostatnie zamówienie."
    ),
    "status_accepted": "Twoje ostatnie zamówienie jest już wydawane, numer {number}: {items}.{comes}",
    "status_cancelled": "Twoje ostatnie zamówienie jest anulowane, numer {number}: {items}.",
    "status_over": (
        "Twoje ostatnie zamówienie nie zostało przyjęte: {items}. Nic nie jest zamówione; możesz zamówić "
        "jeszcze raz."
    ),
    "status_taken_back": "Twoje ostatnie zamówienie jest anulowane: {items}. Nic nie jest zamówione.",
    "status_unknown": "Sklep nie zna Twojego ostatniego zamówienia: {items}. Zapytaj w sklepie.",
    "cancel_really": "Cofnąć ostatnie zamówienie: {items}, razem {total}? Napisz: tak. Albo: nie.",
    "cancel_stays": "Dobrze, zamówienie pozostaje: {items}.",
    "cancel_done": "Anulowane, zanim wyszło: {items}. Nic nie jest zamówione.",
    "cancel_asked": (
        "Poprosiłem sklep o anulowanie: {items}. Sklep powie, co było pierwsze, a ja to przekażę."
    ),
    "cancel_too_late": "Za późno, żeby anulować: {items}. Zamówienie pozostaje; zapytaj w sklepie.",
    "cancel_over": "Nie ma czego cofać, to nie zostało zamówione: {items}.",
    "cancel_not": (
        "Nie mogę tego cofnąć: {items}. Zamówienie pozostaje; zapytaj w sklepie."
        " Opiekun urządzenia: earmark doctor."
    ),
    "delivery_day": "Zamówione teraz, będzie {day}.",
    "offers_none": "Sklep nie ma teraz żadnych promocji.",
    "offers_are": "W promocji: {offers}.",
    "offer_until": "{offer} (do {until})",
    "details_unknown": "Pytasz o {items}: tego sklep mi nie podał. Zapytaj w sklepie.",
    "where_is": "Pytasz o {items}: alejka {aisle}.",
    "where_is_bin": "Pytasz o {items}: alejka {aisle}, miejsce {bin}.",
    "goes_with": "Pytasz o {items}. Do tego: {others}.",
    "fits_all": "Pytasz o {items}: pasuje do {fits}.",
    "fits_yes": "Pytasz o {items}: tak, pasuje do {value}.",
    "fits_not_named": "Pytasz o {items}: sklep podał {fits}, a nie {value}. Zapytaj w sklepie.",
    "fits_attribute": "Pytasz o {items}: {attribute} {value}.",
}

ASK_REPLIES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH}
