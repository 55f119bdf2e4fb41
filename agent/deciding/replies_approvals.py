"""What the device says while a phone or a second person is awaited, as `agent.deciding.reply_words`."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "read_back_phone": "{Items}, {total} in total.{comes} That needs your phone: approve exactly this on it, or type the code that it shows and press Enter. Or say: cancel.",
    "shown_on_phone": "Different things: {count}, {total} in total.{comes} That is too long to read out. Look at it on your phone and approve it there, or type the code that it shows and press Enter. Or say: cancel.",
    "phone_needed": "I am waiting for your phone: {items}, {total} in total. Or say: cancel.",
    "phone_wrong": "That is not the code for {items}, {total} in total. Look at your phone, type what it shows now and press Enter. Or say: cancel.",
    "phone_refused": "That was refused on the phone, so nothing is ordered. You can order something else.",
    "phone_paired": "{name}, a phone can approve your orders from now on. If that is not yours, have it removed: earmark phone.",
    "not_approved": "Nobody has approved it, so nothing is ordered. You can say it again.",
    "read_back_second": "{Items}, {total} in total.{comes} Somebody else has to agree to that, with a PIN, a badge or a phone. Or say: cancel.",
    "second_needed": "I am waiting for somebody else's PIN, badge or phone: {items}, {total} in total. Or say: cancel.",
    "second_wrong": "That was not right. Somebody else types a PIN and presses Enter, holds up a badge, or agrees on a phone. Or say: cancel.",
    "second_not_this": "You cannot agree to your own order: {items}, {total} in total. Somebody else has to, with a PIN, a badge or a phone. Or say: cancel.",
    "second_may_not": "The rules of this house do not let you agree to that: {items}, {total} in total. Somebody else has to. Or say: cancel.",
    "rule_phone": "For that the rules of this house ask for your phone, and I cannot ask one, so nothing is ordered. Pair it with: earmark phone.",
    "rule_second": "For that the rules of this house ask for a second person, and nobody else has a PIN or a phone here, or a badge that could agree, so nothing is ordered. Set a PIN with: earmark pin.",
}

_POLISH = {
    "read_back_phone": "{Items}, razem {total}.{comes} Do tego potrzebny jest Twój telefon: potwierdź na nim dokładnie to zamówienie albo wpisz kod, który pokazuje, i naciśnij Enter. Albo powiedz: anuluj.",
    "shown_on_phone": "Różnych rzeczy: {count}, razem {total}.{comes} To za długie, żeby odczytać. Obejrzyj to w telefonie i tam potwierdź albo wpisz kod, który pokazuje, i naciśnij Enter. Albo powiedz: anuluj.",
    "phone_needed": "Czekam na Twój telefon: {items}, razem {total}. Albo powiedz: anuluj.",
    "phone_wrong": "To nie jest kod do tego zamówienia: {items}, razem {total}. Wpisz to, co telefon pokazuje teraz, i naciśnij Enter. Albo powiedz: anuluj.",
    "phone_refused": "Na telefonie odmówiono, więc nic nie jest zamówione. Możesz zamówić coś innego.",
    "phone_paired": "{name}, od teraz telefon może potwierdzać Twoje zamówienia. Jeśli to nie Twój telefon, usuwa go polecenie: earmark phone.",
    "not_approved": "Nikt tego nie potwierdził, więc nic nie jest zamówione. Możesz powtórzyć zamówienie.",
    "read_back_second": "{Items}, razem {total}.{comes} Na to musi zgodzić się ktoś inny: PIN-em, kartą albo telefonem. Albo powiedz: anuluj.",
    "second_needed": "Czekam na PIN, kartę albo telefon kogoś innego: {items}, razem {total}. Albo powiedz: anuluj.",
    "second_wrong": "To się nie zgadza. Ktoś inny wpisuje PIN i naciska Enter, przykłada kartę albo zgadza się na telefonie. Albo powiedz: anuluj.",
    "second_not_this": "Na własne zamówienie nie można się zgodzić: {items}, razem {total}. Musi to zrobić ktoś inny: PIN-em, kartą albo telefonem. Albo powiedz: anuluj.",
    "second_may_not": "Zasady tego domu nie pozwalają Ci się na to zgodzić: {items}, razem {total}. Musi to zrobić ktoś inny. Albo powiedz: anuluj.",
    "rule_phone": "Zasady tego domu wymagają do tego Twojego telefonu, a nie mogę żadnego zapytać, więc nic nie jest zamówione. Telefon dodaje polecenie: earmark phone.",
    "rule_second": "Zasady tego domu wymagają do tego drugiej osoby, a nikt inny nie ma tu PIN-u ani telefonu, ani karty, którą mógłby się zgodzić, więc nic nie jest zamówione. PIN ustawia polecenie: earmark pin.",
}

_KOREAN = {
    "read_back_phone": "{Items}, 합계 {total}.{comes} 휴대전화의 승인이 필요합니다. 휴대전화에서 이 주문을 승인하거나, 표시된 번호를 입력하고 엔터를 눌러 주세요. 그만두려면 취소라고 말해 주세요.",
    "shown_on_phone": "물건 종류: {count}, 합계 {total}.{comes} 너무 길어 읽어 드릴 수 없습니다. 휴대전화에서 확인하고 승인하거나, 표시된 번호를 입력하고 엔터를 눌러 주세요. 그만두려면 취소라고 말해 주세요.",
    "phone_needed": "휴대전화의 승인을 기다리고 있습니다. {items}, 합계 {total}. 그만두려면 취소라고 말해 주세요.",
    "phone_wrong": "이 주문의 번호가 아닙니다. {items}, 합계 {total}. 휴대전화에 지금 표시된 번호를 입력하고 엔터를 눌러 주세요. 그만두려면 취소라고 말해 주세요.",
    "phone_refused": "휴대전화에서 거절되어 주문하지 않았습니다. 다른 것을 주문하실 수 있습니다.",
    "phone_paired": "{name}님, 이제 휴대전화로 주문을 승인할 수 있습니다. 본인의 것이 아니면 지워 주세요: earmark phone.",
    "not_approved": "아무도 승인하지 않아 주문하지 않았습니다. 다시 말씀하셔도 됩니다.",
    "read_back_second": "{Items}, 합계 {total}.{comes} 다른 사람이 비밀번호, 카드 또는 휴대전화로 동의해야 합니다. 그만두려면 취소라고 말해 주세요.",
    "second_needed": "다른 사람의 비밀번호, 카드 또는 휴대전화를 기다리고 있습니다. {items}, 합계 {total}. 그만두려면 취소라고 말해 주세요.",
    "second_wrong": "맞지 않습니다. 다른 사람이 비밀번호를 입력하고 엔터를 누르거나, 카드를 대거나, 휴대전화로 동의해 주세요. 그만두려면 취소라고 말해 주세요.",
    "second_not_this": "자신의 주문에는 동의할 수 없습니다. {items}, 합계 {total}. 다른 사람이 동의해야 합니다. 그만두려면 취소라고 말해 주세요.",
    "second_may_not": "이 집의 규칙에 따라 동의하실 수 없습니다. {items}, 합계 {total}. 다른 사람이 동의해야 합니다. 그만두려면 취소라고 말해 주세요.",
    "rule_phone": "이 집의 규칙에 따라 휴대전화의 승인이 필요한데 물어볼 휴대전화가 없어서 주문하지 않았습니다. 등록하려면: earmark phone.",
    "rule_second": "이 집의 규칙에 따라 다른 사람의 동의가 필요한데 비밀번호, 카드, 휴대전화가 있는 다른 사람이 없어서 주문하지 않았습니다. 정하려면: earmark pin.",
}

APPROVALS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
