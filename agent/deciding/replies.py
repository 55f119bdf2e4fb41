"""What the device says, by key and language. Every refusal names the next step a person can take.

Keys that end a failed commit or a refusal by the shop are error codes; an unknown one falls back to its family.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from num2words import num2words

from agent.deciding.choice import Choice, differences
from agent.deciding.conversation import Say
from agent.deciding.lexicon import LEXICONS
from agent.deciding.money import Money
from agent.deciding.spoken_basket import plural, spoken_basket


def render(say: Say, language: str, currency: str, *, name: str = "", text: str = "") -> str:
    """The sentence for `say`. `name` is a person's, `text` an enrolment phrase. Raises KeyError for no such language."""
    replies = REPLIES[language]
    template = replies.get(say.key)
    if template is None:
        template = replies["shop_refused" if say.key.startswith("shop_") else "cannot_commit"]
    title = say.title or (spoken_basket(say.basket, language) if say.basket else "")
    one, other = (
        differences(Choice(say.basket, say.other), language) if say.basket and say.other else ("", "")
    )
    return template.format(
        one=one,
        other=other,
        items=title,
        Items=title[:1].upper() + title[1:],
        total=spoken_money(say.basket.total, language) if say.basket else "",
        limit=spoken_money(Money(say.limit, currency), language),
        count=num2words(say.limit, lang=language),
        delivery=_delivery(say.delivery, language),
        place=say.place,
        Place=say.place[:1].upper() + say.place[1:],
        level=_level(say.level, language),
        name=name,
        text=text,
    )


_MONEY_WORDS: Mapping[tuple[str, str], tuple[tuple[str, str, str], tuple[str, str, str]]] = {
    ("en", "PLN"): (("zloty", "zloty", "zloty"), ("grosz", "grosz", "grosz")),
    ("en", "EUR"): (("euro", "euros", "euros"), ("cent", "cents", "cents")),
    ("en", "USD"): (("dollar", "dollars", "dollars"), ("cent", "cents", "cents")),
    ("pl", "PLN"): (("złoty", "złote", "złotych"), ("grosz", "grosze", "groszy")),
    ("pl", "EUR"): (("euro", "euro", "euro"), ("cent", "centy", "centów")),
}


def spoken_money(money: Money, language: str) -> str:
    """E.g. "thirty-eight zloty" or "czterdzieści złotych i pięćdziesiąt groszy"."""
    code = (money.currency,) * 3
    major_words, minor_words = _MONEY_WORDS.get((language, money.currency), (code, ("/ 100",) * 3))
    major, minor = divmod(money.minor, 100)
    parts = []
    if major or not minor:
        parts.append(f"{num2words(major, lang=language)} {plural(major, *major_words, language)}")
    if minor:
        parts.append(f"{num2words(minor, lang=language)} {plural(minor, *minor_words, language)}")
    return f" {LEXICONS[language].and_joiner} ".join(parts)


_DAYS = {
    "en": ("on Monday", "on Tuesday", "on Wednesday", "on Thursday", "on Friday", "on Saturday", "on Sunday"),
    "pl": ("w poniedziałek", "we wtorek", "w środę", "w czwartek", "w piątek", "w sobotę", "w niedzielę"),
}
_ARRIVES = {"en": " It comes {day}.", "pl": " Przyjdzie {day}."}


def _delivery(date: str, language: str) -> str:
    try:
        weekday = datetime.date.fromisoformat(date).weekday()
    except ValueError:
        return ""
    return _ARRIVES[language].format(day=_DAYS[language][weekday])


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
}


def _level(level: float, language: str) -> str:
    """The nearest fraction that people use."""
    return min(_LEVELS[language], key=lambda known: abs(known[0] - level))[1]


# "no." at the end of a sentence is read aloud as "number", hence "cancel".
_ENGLISH = {
    "read_back": "{Items}, {total} in total. Say: yes, place my order. Or say: cancel.",
    "read_back_typed": "{Items}, {total} in total. To place it, somebody I know says to the device: okay nabu, yes, place my order.",
    "read_back_differs": "That is not what I read back. I have {items}, {total} in total. Say: yes, place my order. Or say: cancel.",
    "which": "Did you say {one}, or {other}?",
    "which_neither": "All right, neither. Say: okay nabu, and your order again.",
    "which_unclear": "I am still not sure, so I have ordered nothing. Say it again, please: okay nabu, and your order.",
    "say_sentence": "Please say the whole sentence, so that I know your voice: yes, place my order.",
    "say_how_to_order": "I have ordered nothing. When you are ready, say: okay nabu, and your order again.",
    "proposal": "{Place} is {level}. Order {items} for {total}? Say: okay nabu, yes, place my order.",
    "proposal_declined": "All right, I will not order it.",
    "proposal_postponed": "All right, I will ask again later.",
    "postponed": "All right, later. Nothing is ordered.",
    "another": "{Items} is queued already. Do you want another?",
    "left_as_it_is": "All right, it stays at one.",
    "queued": "Your order is queued: {items}. I will tell you when the shop has it.",
    "ordered": "Ordered: {items}.{delivery}",
    "announce_ordered": "The shop has your order: {items}.{delivery}",
    "cancelled": "Cancelled. Nothing is ordered.",
    "fine": "All right.",
    "nothing_to_confirm": "There is nothing to confirm. Say: okay nabu, order, and what you need.",
    "nothing_ordered": "I did not understand, so I have ordered nothing. You can say it again, or type it: earmark chat.",
    "again": "Sorry, was that a yes? Say: yes, place my order. Or say: cancel.",
    "still_there": "I am still waiting. Say: yes, place my order. Or say: cancel.",
    "not_understood": "That is nothing I can order here. Say for example: order two bags of coffee. Or say: okay nabu, help.",
    "help": "Say: okay nabu, order two bags of coffee. I read it back, and you say: yes, place my order. No stops everything.",
    "refused_unknown_voice": "I do not know this voice, so I cannot order. Somebody I know can order, or enrol you with: earmark enrol.",
    "refused_nobody_enrolled": "I know nobody's voice yet, so I cannot order. Enrol somebody with: earmark enrol.",
    "refused_other_voice": "That was not the voice that asked, so I have ordered nothing. Whoever ordered can say it again.",
    "refused_too_short": "I heard too little to know your voice, and ordered nothing. Say the whole order once more.",
    "refused_too_noisy": "It is too noisy for me to know your voice, so I ordered nothing. Try again when it is quieter.",
    "again_too_short": "That was too short for me to know your voice. Say: yes, place my order.",
    "again_too_noisy": "It was too noisy to know your voice. Please say again: yes, place my order.",
    "typed_cannot_confirm": "Typed words cannot place an order. Somebody I know says to the device: okay nabu, yes, place my order.",
    "handed_over": "I am reading it aloud now. Whoever confirms it does so by voice.",
    "read_back_factor": "{Items}, {total} in total. That is more than I may order by voice alone. Type your PIN and press "
    "Enter, or hold up your badge. Or say: cancel.",
    "factor_needed": "I am waiting for your PIN or badge: {items}, {total} in total. Or say: cancel.",
    "factor_wrong": "That was not right. Type your PIN again and press Enter, or say: cancel.",
    "factor_of_another": "That badge belongs to somebody else. Whoever ordered types a PIN or holds up a badge. Or say: cancel.",
    "factor_locked": "There were too many wrong tries, so I have ordered nothing. Wait a little, then order again.",
    "pin_new": "{name}, type your new PIN on the keypad and press Enter. At least four digits.",
    "pin_repeat": "Once more, please: the same PIN, then Enter.",
    "pin_differs": "Those two were different. I have kept nothing. Start again with: earmark pin.",
    "pin_set": "Thank you, {name}. Your PIN is set.",
    "pin_not_set": "I could not keep that PIN. Start again with: earmark pin.",
    "badge_new": "{name}, hold your new badge to the reader.",
    "badge_repeat": "Once more, please: the same badge.",
    "badge_differs": "Those two were different. I have kept nothing. Start again with: earmark badge.",
    "badge_set": "Thank you, {name}. Your badge is set.",
    "badge_not_set": "I could not keep that badge. Start again with: earmark badge.",
    "badge_taken": "That badge belongs to somebody else. I have kept nothing.",
    "quantity_too_large": "I take at most {count} of one thing by voice. Ask for fewer, or order in the shop.",
    "order_over_limit": "That is {total}. By voice I may order up to {limit} at a time. Ask for less, or order in the shop.",
    "day_over_limit": "That would be more than {limit} in one day, which I may not order by voice. Try tomorrow, or order in the shop.",
    "clock_untrusted": "I do not know the time yet, so I can sign nothing. Please try again when I have reached the shop.",
    "cannot_commit": "I could not write the order down, so nothing is ordered. Please tell whoever looks after me: earmark doctor.",
    "journal_full": "My storage is full, so nothing is ordered. Please tell whoever looks after me: earmark doctor.",
    "shop_refused": "The shop did not take your order of {items}. Nothing is ordered; please ask the shop.",
    "shop_over_limit": "The price has risen above what you agreed to, so {items} is not ordered. Order again to hear the new price.",
    "shop_expired": "Your order of {items} reached the shop too late, so it is not ordered. You can order it again.",
    "enrol_consent": "{name}, I would like to learn your voice. It stays on this device, and you can delete it at any time. "
    "If you agree, say: yes, learn my voice. Or say: cancel.",
    "enrol_read": "Please say: {text}.",
    "enrol_again": "Once more, please. Say: {text}.",
    "enrol_done": "Thank you, {name}. I know your voice now.",
    "enrol_known": "I know this voice already, and have kept nothing new. To learn it anew, first: earmark people.",
    "enrol_declined": "All right. I have learned nothing and kept nothing.",
    "enrol_failed": "I could not hear you well enough. I have kept nothing. Start again with: earmark enrol.",
}

_POLISH = {
    "read_back": "{Items}, razem {total}. Powiedz: tak, złóż moje zamówienie. Albo powiedz: nie.",
    "read_back_typed": "{Items}, razem {total}. Żeby zamówić, osoba, którą znam, mówi do urządzenia: okay nabu, yes, place my order.",
    "read_back_differs": "To nie jest to, co odczytałem. Mam: {items}, razem {total}. Powiedz: tak, złóż moje zamówienie. Albo: nie.",
    "which": "Czy było to: {one}, czy: {other}?",
    "which_neither": "Dobrze, żadne z nich. Powiedz zamówienie jeszcze raz.",
    "which_unclear": "Nadal nie mam pewności, więc niczego nie zamówiłem. Powiedz zamówienie jeszcze raz.",
    "say_sentence": "Powiedz proszę całym zdaniem, żebym poznał głos: tak, złóż moje zamówienie.",
    "say_how_to_order": "Niczego nie zamówiłem. Powiedz zamówienie jeszcze raz, kiedy zechcesz.",
    "proposal": "{Place}: {level}. Zamówić {items} za {total}? Powiedz: okay nabu, yes, place my order.",
    "proposal_declined": "Dobrze, nie zamówię.",
    "proposal_postponed": "Dobrze, zapytam później.",
    "postponed": "Dobrze, później. Nic nie jest zamówione.",
    "another": "{Items} już czeka na wysłanie. Zamówić jeszcze raz to samo?",
    "left_as_it_is": "Dobrze, zostaje jedno zamówienie.",
    "queued": "Czeka na wysłanie: {items}. Powiem, kiedy sklep je przyjmie.",
    "ordered": "Zamówione: {items}.{delivery}",
    "announce_ordered": "Sklep przyjął zamówienie: {items}.{delivery}",
    "cancelled": "Anulowane. Nic nie jest zamówione.",
    "fine": "Dobrze.",
    "nothing_to_confirm": "Nie ma czego potwierdzać. Napisz, co zamówić, na przykład: poproszę dwie paczki kawy.",
    "nothing_ordered": "Nie rozumiem, więc niczego nie zamówiłem. Spróbuj jeszcze raz.",
    "again": "Czy to było tak? Powiedz: tak, złóż moje zamówienie. Albo: nie.",
    "still_there": "Nadal czekam. Powiedz: tak, złóż moje zamówienie. Albo: nie.",
    "not_understood": "Tego nie mogę tu zamówić. Spróbuj na przykład: poproszę dwie paczki kawy. Albo: pomoc.",
    "help": "Napisz na przykład: poproszę dwie paczki kawy. Odczytam zamówienie i kwotę. „Nie” zatrzymuje wszystko.",
    "refused_unknown_voice": "Nie znam tego głosu, więc nie mogę zamówić. Głos zapisuje polecenie: earmark enrol.",
    "refused_nobody_enrolled": "Nie znam jeszcze niczyjego głosu, więc nie mogę zamówić. Głos zapisuje polecenie: earmark enrol.",
    "refused_other_voice": "To nie ten głos, który zamawiał, więc niczego nie zamówiłem.",
    "refused_too_short": "Za krótko, żebym poznał głos. Niczego nie zamówiłem. Powiedz całe zamówienie jeszcze raz.",
    "refused_too_noisy": "Jest za głośno, żebym poznał głos. Niczego nie zamówiłem. Spróbuj, kiedy będzie ciszej.",
    "again_too_short": "Za krótko, żebym poznał głos. Powiedz: tak, złóż moje zamówienie.",
    "again_too_noisy": "Było za głośno. Powiedz jeszcze raz: tak, złóż moje zamówienie.",
    "typed_cannot_confirm": "Pisane słowa nie składają zamówienia. Osoba, którą znam, mówi do urządzenia: okay nabu, yes, place my order.",
    "handed_over": "Odczytuję to teraz na głos. Kto potwierdza, robi to głosem.",
    "read_back_factor": "{Items}, razem {total}. To więcej, niż wolno mi zamówić samym głosem. Wpisz PIN i naciśnij Enter "
    "albo przyłóż kartę. Albo powiedz: anuluj.",
    "factor_needed": "Czekam na PIN albo kartę: {items}, razem {total}. Albo powiedz: anuluj.",
    "factor_wrong": "To nie ten PIN. Wpisz go jeszcze raz i naciśnij Enter. Albo powiedz: anuluj.",
    "factor_of_another": "To karta kogoś innego. Kto zamawia, wpisuje PIN albo przykłada swoją kartę. Albo powiedz: anuluj.",
    "factor_locked": "Za dużo błędnych prób, więc niczego nie zamówiłem. Poczekaj chwilę i zamów jeszcze raz.",
    "pin_new": "{name}, wpisz na klawiaturze nowy PIN i naciśnij Enter. Co najmniej cztery cyfry.",
    "pin_repeat": "Jeszcze raz ten sam PIN, potem Enter.",
    "pin_differs": "To były dwa różne. Niczego nie zachowałem. Zacznij od nowa: earmark pin.",
    "pin_set": "Dziękuję, {name}. PIN jest ustawiony.",
    "pin_not_set": "Nie mogę zachować tego PIN-u. Zacznij od nowa: earmark pin.",
    "badge_new": "{name}, przyłóż do czytnika nową kartę.",
    "badge_repeat": "Jeszcze raz ta sama karta.",
    "badge_differs": "To były dwie różne. Niczego nie zachowałem. Zacznij od nowa: earmark badge.",
    "badge_set": "Dziękuję, {name}. Karta jest ustawiona.",
    "badge_not_set": "Nie mogę zachować tej karty. Zacznij od nowa: earmark badge.",
    "badge_taken": "To karta kogoś innego. Niczego nie zachowałem.",
    "quantity_too_large": "Głosem zamówię najwyżej {count} sztuk jednej rzeczy. Zmniejsz liczbę albo zamów w sklepie.",
    "order_over_limit": "To {total}. Głosem mogę zamówić najwyżej za {limit}. Zamów mniej albo w sklepie.",
    "day_over_limit": "Razem byłoby ponad {limit} w ciągu doby, a tyle głosem nie zamówię. Spróbuj jutro albo zamów w sklepie.",
    "clock_untrusted": "Nie znam jeszcze godziny, więc niczego nie podpiszę. Spróbuj, kiedy połączę się ze sklepem.",
    "cannot_commit": "Nie mogę zapisać zamówienia, więc nic nie jest zamówione. Opiekun urządzenia: earmark doctor.",
    "journal_full": "Skończyło mi się miejsce, więc nic nie jest zamówione. Opiekun urządzenia: earmark doctor.",
    "shop_refused": "Sklep nie przyjął zamówienia: {items}. Nic nie jest zamówione; zapytaj w sklepie.",
    "shop_over_limit": "Cena wzrosła ponad uzgodnioną, więc nie zamówiono: {items}. Zamów jeszcze raz, a odczytam nową cenę.",
    "shop_expired": "Zamówienie dotarło do sklepu za późno: {items}. Nic nie jest zamówione; możesz zamówić jeszcze raz.",
    "enrol_consent": "{name}, chcę nauczyć się Twojego głosu. Zostanie on na tym urządzeniu i można go usunąć w każdej chwili. "
    "Jeśli się zgadzasz, powiedz: yes, learn my voice.",
    "enrol_read": "Powiedz proszę: {text}.",
    "enrol_again": "Jeszcze raz. Powiedz: {text}.",
    "enrol_done": "Dziękuję, {name}. Znam już Twój głos.",
    "enrol_known": "Znam już ten głos i niczego nowego nie zachowałem. Żeby nauczyć się go od nowa, najpierw: earmark people.",
    "enrol_declined": "Dobrze. Niczego się nie nauczyłem i niczego nie zachowałem.",
    "enrol_failed": "Nie słyszałem dość dobrze. Niczego nie zachowałem. Zacznij od nowa: earmark enrol.",
}

REPLIES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH}
