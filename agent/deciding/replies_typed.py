"""What is shown to whoever types where other words are said aloud, and where a line was understood in part,
by language. Data; `TYPED` is part of `agent.deciding.reply_words`.

`PART`: only this much of a line was understood. `MEANWHILE`: none of one, while an order waits for a PIN or a phone.
`BY_THE_PACK` and `WHOLE`: no whole number of packs. `IN_ITS_TONGUE`: a line in
another language than that of the chat. `NEAR` and `NEAR_MORE`: what is called so among other words.
"""

from __future__ import annotations

from collections.abc import Mapping

PART: Mapping[str, str] = {
    "en": "I did not understand all of that, and nothing is ordered. If you want {items}, type: order {items}. Or type: help.",
    "pl": "Nie rozumiem wszystkiego i nic nie jest zamówione. Jeśli chodzi o {items}, napisz: poproszę {items}. Albo: pomoc.",
}

MEANWHILE: Mapping[str, str] = {
    "en": "I did not understand that, and the order stays as it was. Type what to change, as in: make it {more}. For something else first type: cancel.",
    "pl": "Nie rozumiem, więc zamówienie zostaje, jak było. Napisz, co zmienić, na przykład: zmień na {more}. Jeśli chodzi o coś innego, napisz najpierw: nie.",
}

NEAR: Mapping[str, str] = {
    "en": "Of that the shop has: {items}. Name it in full, for example: order {first}.",
    "pl": "Z takich rzeczy mam: {items}. Podaj pełną nazwę, na przykład: poproszę {first}.",
}
NEAR_MORE: Mapping[str, str] = {
    "en": "Of that the shop has several, among them: {items}. Name it in full, for example: order {first}.",
    "pl": "Takich rzeczy jest więcej, mam na przykład: {items}. Podaj pełną nazwę: poproszę {first}.",
}

BY_THE_PACK: Mapping[str, str] = {
    "en": "{Item} holds {amount}, so that would be no whole number of them. Type how many, for example: order {item}.",
    "pl": "Sklep sprzedaje {item} ({amount}), więc równo nie wyjdzie. Napisz, ile ma być, na przykład: poproszę {item}.",
}

IN_ITS_TONGUE: Mapping[str, str] = {
    "en": "That seems to be English. To go on in English, type: speak English.",
    "pl": "To chyba po polsku. Żeby pisać po polsku, napisz: mów po polsku.",
    "ko": "한국어로 쓰신 것 같습니다. 한국어로 하시려면 입력해 주세요: 한국어로 말해 주세요.",
}

WHOLE: Mapping[str, str] = {
    "en": "The shop sells no part of that. Type how many, for example: order {item}.",
    "pl": "Części tego sklep nie sprzedaje. Napisz, ile ma być, na przykład: poproszę {item}.",
}

_ENGLISH_TYPED = {
    "price_typed": "{Items}: {total} in total.{comes} To order it, type: order {items}.",
    "not_understood_typed": "I did not understand that, or the shop does not sell it. Type for example: order {example}. Or type: help.",
    "again_typed": "I did not understand that. To place it, somebody I know says to the device: {wake}, {aloud}. Or type: cancel.",
    "again_otherwise_typed": "I still do not understand. Type what to change, as in: make it two. To place it, somebody I know says to the device: {wake}, {aloud}. Or type: cancel.",
    "help_typed": "Type what you need, for example: order {example}. I show what it costs, and somebody I know then says to the device: {wake}, {aloud}. You can also ask: how much is something, where is my order, what is on the list, talk to a person. Cancel ends everything.",
    "help_typed_pin": "Type what you need, for example: order {example}. I show what it costs, and you confirm it with your PIN on the keypad of the device, or on your phone. You can also ask: how much is something, where is my order, what is on the list, talk to a person. Cancel ends everything.",
    "nothing_to_confirm_typed": "There is nothing to confirm. Type for example: order {example}.",
    "nothing_ordered_typed": "I did not understand, so nothing is ordered. Type it once more in other words. Or type: help.",
    "again_unknown_typed": "I know no such order of yours. Type for example: order {example}.",
    "usual_unknown_typed": "I know no usual order of yours yet: it takes three times. Type for example: order {example}.",
    "again_gone_typed": "Not all of that is sold any more, so nothing is ordered. Type what you need, for example: order {example}.",
    "which_neither_typed": "All right, neither. Type your order again.",
    "which_unclear_typed": "I am still not sure, so nothing is ordered. Type your order again.",
    "wrong_noted_open_typed": "I am sorry. I have noted what I understood, and no word of yours. Nothing is ordered. Type your order again.",
    "wrong_lost_open_typed": "I am sorry, and I could not note it. Nothing is ordered. Type your order again.",
    "not_read_back_typed": "I have not shown you that as it is now, so nothing is ordered. Type your order again.",
    "not_confirmed_typed": "It was not confirmed, so nothing is ordered. Type your order again. Whoever looks after me sets a new PIN: earmark pin.",
    "nothing_to_repeat_typed": "I have shown nothing just now. Type for example: order {example}.",
    "quantity_too_large_typed": "I take at most {count} of one thing in one order. Type fewer, or order in the shop.",
    "order_over_limit_typed_pin": "{Items}: that is {total}. With a PIN or a phone I may order up to {limit} at a time. Type less, or order in the shop.",
    "day_over_limit_typed_pin": "That would be more than {limit} in one day, which I may not order even with a PIN or a phone. Try tomorrow, or order in the shop.",
}

_POLISH_TYPED = {
    "price_typed": "Za {items} zapłacisz {total}.{comes} Żeby to zamówić, napisz: poproszę {items}.",
    "not_understood_typed": "Nie rozumiem albo sklep tego nie sprzedaje. Napisz na przykład: poproszę {example}. Albo: pomoc.",
    "again_typed": "Nie rozumiem. Żeby zamówić, osoba, którą znam, mówi do urządzenia: {wake}, {aloud}. Albo napisz: nie.",
    "again_otherwise_typed": "Nadal nie rozumiem. Napisz, co zmienić, na przykład: zmień na dwa. Żeby zamówić, osoba, którą znam, mówi do urządzenia: {wake}, {aloud}. Albo napisz: nie.",
    "help_typed": "Napisz, czego potrzebujesz, na przykład: poproszę {example}. Pokażę cenę, a osoba, którą znam, powie do urządzenia: {wake}, {aloud}. Możesz też zapytać: ile coś kosztuje, gdzie jest moje zamówienie, co jest na liście, albo napisać: chcę rozmawiać z człowiekiem. „Nie” kończy wszystko.",
    "help_typed_pin": "Napisz, czego potrzebujesz, na przykład: poproszę {example}. Pokażę cenę, a potwierdzisz PIN-em na klawiaturze urządzenia albo na swoim telefonie. Możesz też zapytać: ile coś kosztuje, gdzie jest moje zamówienie, co jest na liście, albo napisać: chcę rozmawiać z człowiekiem. „Nie” kończy wszystko.",
    "nothing_to_confirm_typed": "Nie ma czego potwierdzać. Napisz na przykład: poproszę {example}.",
    "nothing_ordered_typed": "Nie rozumiem, więc nic nie jest zamówione. Napisz to innymi słowami. Albo: pomoc.",
    "again_unknown_typed": "Nie znam takiego Twojego zamówienia. Napisz na przykład: poproszę {example}.",
    "usual_unknown_typed": "Nie wiem jeszcze, co zwykle zamawiasz: wiem po trzech razach. Napisz na przykład: poproszę {example}.",
    "again_gone_typed": "Nie wszystko z tego jest jeszcze w sprzedaży, więc nic nie jest zamówione. Napisz, czego potrzebujesz, na przykład: poproszę {example}.",
    "which_neither_typed": "Dobrze, żadne z nich. Napisz zamówienie jeszcze raz.",
    "which_unclear_typed": "Nadal nie mam pewności, więc nic nie jest zamówione. Napisz zamówienie jeszcze raz.",
    "wrong_noted_open_typed": "Przepraszam. Zapisałem, co zrozumiałem, i ani jednego Twojego słowa. Nic nie jest zamówione. Napisz zamówienie jeszcze raz.",
    "wrong_lost_open_typed": "Przepraszam, i nie mogę tego zapisać. Nic nie jest zamówione. Napisz zamówienie jeszcze raz.",
    "not_read_back_typed": "Nie pokazałem tego tak, jak jest teraz, więc nic nie jest zamówione. Napisz zamówienie jeszcze raz.",
    "not_confirmed_typed": "Nie zostało to potwierdzone, więc nic nie jest zamówione. Napisz zamówienie jeszcze raz. Nowy PIN ustawia opiekun urządzenia: earmark pin.",
    "nothing_to_repeat_typed": "Przed chwilą niczego nie pokazałem. Napisz na przykład: poproszę {example}.",
    "quantity_too_large_typed": "W jednym zamówieniu przyjmę najwyżej tyle sztuk jednej rzeczy: {count}. Napisz mniejszą liczbę albo zamów w sklepie.",
    "order_over_limit_typed_pin": "{Items}: to {total}. Z PIN-em albo telefonem mogę zamówić najwyżej za {limit}. Zamów mniej albo w sklepie.",
    "day_over_limit_typed_pin": "Razem byłoby ponad {limit} w ciągu doby, a tyle nie zamówię nawet z PIN-em albo telefonem. Spróbuj jutro albo zamów w sklepie.",
}

_KOREAN_TYPED = {
    "price_typed": "{Items}: 모두 {total}입니다. 주문하시려면 입력해 주세요: {items} 주세요.",
    "not_understood_typed": "이해하지 못했거나 가게에서 팔지 않는 것입니다. 예를 들어 입력해 주세요: {example} 주세요. 또는: 도움말.",
    "again_typed": "이해하지 못했습니다. 주문하려면 아는 분이 기기에 말합니다: {wake}, {aloud}. 그만두려면 입력해 주세요: 취소.",
    "again_otherwise_typed": "아직 이해하지 못했습니다. 주문하려면 아는 분이 기기에 말합니다: {wake}, {aloud}. 그만두려면 입력해 주세요: 취소.",
    "help_typed": "필요한 것을 입력해 주세요. 예: {example} 주세요. 가격을 보여 드리면 아는 분이 기기에 말합니다: {wake}, {aloud}. 그만두려면: 취소.",
    "help_typed_pin": "필요한 것을 입력해 주세요. 예: {example} 주세요. 가격을 보여 드리면 기기의 키패드에서 PIN으로, 또는 휴대전화로 확인해 주세요. 그만두려면: 취소.",
    "nothing_to_confirm_typed": "확인할 것이 없습니다. 예를 들어 입력해 주세요: {example} 주세요.",
    "nothing_ordered_typed": "이해하지 못해 아무것도 주문하지 않았습니다. 다른 말로 입력해 주세요. 또는: 도움말.",
    "again_unknown_typed": "그런 주문을 알지 못합니다. 예를 들어 입력해 주세요: {example} 주세요.",
    "usual_unknown_typed": "평소 주문을 아직 모릅니다. 세 번은 주문하셔야 합니다. 예를 들어 입력해 주세요: {example} 주세요.",
    "again_gone_typed": "그중 일부를 더 이상 팔지 않아 아무것도 주문하지 않았습니다. 예를 들어 입력해 주세요: {example} 주세요.",
    "which_neither_typed": "네, 둘 다 아닙니다. 주문을 다시 입력해 주세요.",
    "which_unclear_typed": "아직 확실하지 않아 아무것도 주문하지 않았습니다. 주문을 다시 입력해 주세요.",
    "wrong_noted_open_typed": "죄송합니다. 제가 이해한 것만 적어 두었고 하신 말씀은 남기지 않았습니다. 아무것도 주문하지 않았습니다. 주문을 다시 입력해 주세요.",
    "wrong_lost_open_typed": "죄송합니다. 적어 두지 못했습니다. 아무것도 주문하지 않았습니다. 주문을 다시 입력해 주세요.",
    "not_read_back_typed": "지금 내용을 보여 드리지 않아 아무것도 주문하지 않았습니다. 주문을 다시 입력해 주세요.",
    "not_confirmed_typed": "확인되지 않아 아무것도 주문하지 않았습니다. 주문을 다시 입력해 주세요. 새 PIN은 관리하는 분이 정합니다: earmark pin.",
    "nothing_to_repeat_typed": "방금 보여 드린 것이 없습니다. 예를 들어 입력해 주세요: {example} 주세요.",
    "quantity_too_large_typed": "한 번에 한 가지를 {count}개까지만 주문할 수 있습니다. 더 적게 입력하시거나 가게에서 주문해 주세요.",
    "order_over_limit_typed_pin": "모두 {total}입니다. PIN이나 휴대전화로는 한 번에 {limit}까지 주문할 수 있습니다. 더 적게 입력하시거나 가게에서 주문해 주세요.",
    "day_over_limit_typed_pin": "하루 {limit}이 넘어 PIN이나 휴대전화로도 주문할 수 없습니다. 내일 다시 하시거나 가게에서 주문해 주세요.",
}

TYPED: Mapping[str, Mapping[str, str]] = {
    "en": _ENGLISH_TYPED,
    "pl": _POLISH_TYPED,
    "ko": _KOREAN_TYPED,
}

_SHOWN = {key.removesuffix("_typed"): key for key in _ENGLISH_TYPED if key.endswith("_typed")}
_BY_PIN = {key.removesuffix("_typed_pin"): key for key in _ENGLISH_TYPED if key.endswith("_typed_pin")}


def as_shown(key: str, *, by_pin: bool = False) -> str:
    """The reply that stands on a screen in place of `key`; `by_pin`: whoever types confirms there."""
    shown = _SHOWN.get(key, key)
    return _BY_PIN.get(key, shown) if by_pin else shown
