"""What is answered to questions beside the price, as sentences by key and language; shown, and said as well
where `replies_questions.ALOUD` has no other. Data; `agent.deciding.telling` fills it in.

`{items}` is a basket in words, `{comes}` a sentence about its day, with a space before it, or nothing;
`{last}` says whose last order it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

_ENGLISH = {
    "ask_offline": "I cannot know that while I do not reach the shop.",
    "ask_silent": "The shop did not answer. Ask again in a moment, or ask in the shop.",
    "ask_about_what": "About what? Name it, for example: {example}.",
    "ask_no_order": "I know of no order yet.",
    "ask_no_order_of_yours": "I know of no order of yours.",
    "stock_enough": "In stock: {items}.",
    "stock_less": "Of {items} the shop has only {left}.",
    "stock_none": "Out of stock: {items}.",
    "stock_unsold": "The shop does not sell it any more: {items}.",
    "status_queued": "{Last} waits for the shop: {items}. I will tell you when the shop has it.",
    "status_placed": (
        "The shop has {last}, number {number}: {items}.{comes} Until it is handed over you can "
        "take it back: cancel my last order."
    ),
    "status_accepted": "{Last} is being handed over, number {number}: {items}.{comes}",
    "status_cancelled": "{Last} is cancelled, number {number}: {items}.",
    "status_over": "{Last} was not placed: {items}. Nothing is ordered; you can order it again.",
    "status_taken_back": "{Last} was taken back: {items}. Nothing is ordered.",
    "status_unknown": "The shop does not know {last}: {items}. Ask in the shop.",
    "cancel_really": "Take back {last}: {items}, {total} in total? Type: yes. Or type: no.",
    "cancel_stays": "All right, the order stays: {items}.",
    "cancel_done": "Cancelled before it had left: {items}. Nothing is ordered.",
    "cancel_asked": (
        "I have asked the shop to cancel: {items}. The shop says which came first, and I will tell you."
    ),
    "cancel_too_late": "It is too late to cancel: {items}. The order stands; ask the shop.",
    "cancel_over": "There is nothing to take back, as this was not placed: {items}.",
    "cancel_not": "I could not take it back: {items}. The order stands; see earmark doctor, or ask the shop.",
    "delivery_day": "Ordered now, it would be there {day}.",
    "offers_none": "The shop has nothing on offer at the moment.",
    "offers_are": "On offer: {offers}.",
    "offer_until": "{offer} (until {until})",
    "stock_count": "The shop has {left}.",
    "pack_holds": "{Items} holds {amount}.",
    "instead_none": "The shop's details name nothing instead of {items}. Ask in the shop.",
    "instead_gone": (
        "What the shop's details name instead of {items} the shop does not have either, or not so much of it."
    ),
    "offers_not": "{Items}: no offer that I know of.",
    "details_unknown": "The shop's details do not say that of {items}. Ask in the shop.",
    "where_is": "{Items}: aisle {aisle}.",
    "where_is_bin": "{Items}: aisle {aisle}, bin {bin}.",
    "goes_with": "Goes with {items}: {others}.",
    "fits_all": "{Items}: fits {fits}.",
    "fits_yes": "Yes, that fits {value}: {items}.",
    "fits_not_named": "For {items} the shop's details name {fits}, and not {value}. Ask in the shop.",
    "fits_attribute": "{Items}: {attribute} {value}.",
    "ask_kept": "I have written that down: {what}. The shop hears of it as soon as I reach it.",
    "ask_not_kept": (
        "I could not write that down, so nobody hears of it. Ask in the shop; or see earmark doctor."
    ),
    "what_ticket": "you want to talk to a person",
    "what_return": "to be sent back, {items}",
    "what_quote": "a quote for {items}",
    "ticket_taken": (
        "Number {number}: the shop knows that you want to talk to a person. It sees your last orders and "
        "what I decided, and no word of yours."
    ),
    "return_really": "Send back {last}: {items}, {total} in total? Type: yes. Or type: no.",
    "return_stays": "All right, nothing goes back.",
    "return_taken": (
        "Number {number}: the shop knows that this goes back: {items}. Put the number on the parcel."
    ),
    "return_too_early": "The shop does not have that order yet, so there is nothing to send back: {items}.",
    "quote_taken": (
        "Quote {number}: {items} for {total}, until {until}. Nothing is ordered; tell the shop the number."
    ),
    "quote_hint": "Or ask for a quote: give me a quote.",
    "refused_too_many_open": "The shop has many requests of yours open already. Ask in the shop.",
    "refused_order_unknown": "The shop does not know that order. Ask in the shop.",
    "refused_order_cancelled": "That order was cancelled, so there is nothing to send back.",
    "refused_order_not_accepted": "It is not handed over yet. Take it back instead: cancel my last order.",
    "refused_item_unknown": "The shop does not sell all of that any more, so there is no quote.",
    "refused_quantity": (
        "That is more than the shop gives a quote for by itself. Ask for a person: talk to a person."
    ),
}

_POLISH = {
    "ask_offline": "Nie mogę tego wiedzieć, dopóki nie łączę się ze sklepem.",
    "ask_silent": "Sklep nie odpowiedział. Zapytaj za chwilę jeszcze raz albo w sklepie.",
    "ask_about_what": "O co pytasz? Nazwij to, na przykład: {example}.",
    "ask_no_order": "Nie znam jeszcze żadnego zamówienia.",
    "ask_no_order_of_yours": "Nie znam żadnego Twojego zamówienia.",
    "stock_enough": "Sklep ma: {items}.",
    "stock_less": "Pytasz o {items}, a sklep ma tylko {left}.",
    "stock_none": "Pytasz o {items}: sklep teraz tego nie ma.",
    "stock_unsold": "Pytasz o {items}: sklep już tego nie sprzedaje.",
    "status_queued": "{Last} czeka na sklep: {items}. Powiem, kiedy sklep je przyjmie.",
    "status_placed": (
        "Sklep ma {last}, numer {number}: {items}.{comes} Dopóki nie jest wydane, możesz"
        " je cofnąć: anuluj ostatnie zamówienie."
    ),
    "status_accepted": "{Last} jest już wydawane, numer {number}: {items}.{comes}",
    "status_cancelled": "{Last} jest anulowane, numer {number}: {items}.",
    "status_over": (
        "{Last} nie zostało przyjęte: {items}. Nic nie jest zamówione; możesz zamówić jeszcze raz."
    ),
    "status_taken_back": "{Last} jest anulowane: {items}. Nic nie jest zamówione.",
    "status_unknown": "Sklep nie zna tego zamówienia: {items}. Zapytaj w sklepie.",
    "cancel_really": "Cofnąć {last}: {items}, razem {total}? Napisz: tak. Albo: nie.",
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
    "stock_count": "Sklep ma: {left}.",
    "pack_holds": "Pytasz o {items}: w opakowaniu {amount}.",
    "instead_none": "Pytasz o {items}: sklep nie podał mi niczego zamiast tego. Zapytaj w sklepie.",
    "instead_gone": "Pytasz o {items}: tego, co sklep podał zamiast, też teraz nie ma, albo nie ma tyle.",
    "offers_not": "Pytasz o {items}: nie wiem o żadnej promocji.",
    "details_unknown": "Pytasz o {items}: tego sklep mi nie podał. Zapytaj w sklepie.",
    "where_is": "Pytasz o {items}: alejka {aisle}.",
    "where_is_bin": "Pytasz o {items}: alejka {aisle}, miejsce {bin}.",
    "goes_with": "Pytasz o {items}. Do tego można zamówić: {counted}.",
    "fits_all": "Pytasz o {items}: pasuje do {fits}.",
    "fits_yes": "Pytasz o {items}: tak, pasuje do {value}.",
    "fits_not_named": "Pytasz o {items}: sklep podał {fits}, a nie {value}. Zapytaj w sklepie.",
    "fits_attribute": "Pytasz o {items}: {attribute} {value}.",
    "ask_kept": "Zapisałem: {what}. Sklep dowie się o tym, kiedy się z nim połączę.",
    "ask_not_kept": (
        "Nie mogę tego zapisać, więc nikt się o tym nie dowie. Zapytaj w sklepie. Opiekun urządzenia: "
        "earmark doctor."
    ),
    "what_ticket": "rozmowa z człowiekiem",
    "what_return": "zwrot, {items}",
    "what_quote": "wycena na {items}",
    "ticket_taken": (
        "Numer {number}: sklep wie, że ktoś chce z nim porozmawiać. Widzi ostatnie zamówienia i moje "
        "decyzje, ale żadnego słowa."
    ),
    "return_really": "Odesłać {last}: {items}, razem {total}? Napisz: tak. Albo: nie.",
    "return_stays": "Dobrze, nic nie wraca.",
    "return_taken": "Numer {number}: sklep wie o zwrocie: {items}. Napisz ten numer na paczce.",
    "return_too_early": "Sklep nie ma jeszcze tego zamówienia, więc nie ma czego odsyłać: {items}.",
    "quote_taken": (
        "Wycena {number} na {items}: {total}, do {until}. Nic nie jest zamówione; podaj numer w sklepie."
    ),
    "quote_hint": "Albo poproś o wycenę: poproszę o wycenę.",
    "refused_too_many_open": "W sklepie jest już wiele otwartych spraw z tego urządzenia. Zapytaj w sklepie.",
    "refused_order_unknown": "Sklep nie zna tego zamówienia. Zapytaj w sklepie.",
    "refused_order_cancelled": "To zamówienie jest anulowane, więc nie ma czego odsyłać.",
    "refused_order_not_accepted": "Nie zostało jeszcze wydane. Możesz je cofnąć: anuluj ostatnie zamówienie.",
    "refused_item_unknown": "Sklep nie sprzedaje już tego wszystkiego, więc wyceny nie ma.",
    "refused_quantity": "Na tyle sklep sam nie daje wyceny. Napisz: chcę rozmawiać z człowiekiem.",
}

ASK_REPLIES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH}


class LastOrderWords(NamedTuple):
    """`{last}`: of whoever asks, of somebody else by name, and of somebody whom nobody knows here."""

    own: str
    of: str
    of_somebody: str


LAST_ORDER: Mapping[str, LastOrderWords] = {
    "en": LastOrderWords("your last order", "the last order of {name}", "the last order of somebody else"),
    "pl": LastOrderWords(
        "Twoje ostatnie zamówienie", "ostatnie zamówienie ({name})", "ostatnie zamówienie (ktoś inny)"
    ),
}
