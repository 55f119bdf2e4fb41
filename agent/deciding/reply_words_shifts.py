"""What the device says to whoever is on shift, and to whoever types where a PIN confirms it, as
`agent.deciding.reply_words`. `{text}` are the digits that stand on that screen."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "shift_on": "{name}, you are on now. What is ordered here counts for you until you hold up your badge again.",
    "shift_next": "{name}, you are on now, and whoever was on before is not any more. What is ordered here counts for you until you hold up your badge again.",
    "shift_off": "{name}, you are off now. Nothing that is ordered here counts for you any more.",
    "shift_over": "{name}, your time is up, and you are off now. To go on, hold up your badge.",
    "shift_unknown": "I do not know that badge, so nothing has changed. Whoever looks after me can set it: earmark badge.",
    "shift_locked": "There were too many badges that I do not know, so nobody is on now. Wait a little, then hold up yours again.",
    "shift_failed": "I could not take that badge, so nobody is on now. Please tell whoever looks after me: earmark doctor.",
    "refused_no_shift": "I do not know who is ordering, so nothing is ordered. Hold up your badge, and say it again.",
    "read_back_typed_pin": "{Items}, {total} in total.{comes} To place it, type {text} and right after it your PIN on the keypad of the device, and press Enter. A paired phone can approve it instead. Or type: cancel.",
    "typed_pin_needed": "Typed words cannot place it. I am waiting for {text} and your PIN on the keypad, or for a paired phone: {items}, {total} in total. Or type: cancel.",
    "typed_pin_wrong": "That was not right. Type {text} and right after it your PIN on the keypad, and press Enter: {items}, {total} in total. Or type: cancel.",
    "read_back_typed_second": "{Items}, {total} in total.{comes} Somebody else has to agree to that: with {text} and right after it a PIN on the keypad of the device, or on a phone. Or type: cancel.",
    "typed_second_needed": "I am waiting for somebody else: {text} and a PIN on the keypad, or a phone. {Items}, {total} in total. Or type: cancel.",
    "typed_second_wrong": "That was not right. Somebody else types {text} and right after it a PIN on the keypad, and presses Enter: {items}, {total} in total. Or type: cancel.",
    "factor_late": "Nobody has confirmed it in time, so nothing is ordered. You can say it again.",
    "read_back_factor_pressed": "{Items}, {total} in total.{comes} That is more than I may order by voice alone. Press the button or Enter, then hold up your badge. Or type your PIN and press Enter. Or say: cancel.",
    "factor_needed_pressed": "I am waiting for you to press the button or Enter and then hold up your badge, or for your PIN: {items}, {total} in total. Or say: cancel.",
    "read_back_factor_not_on": "{Items}, {total} in total.{comes} That is more than I may order by voice alone. Type your PIN and press Enter. With a badge, hold it up so that you are on, then say the order again. Or say: cancel.",
    "factor_needed_not_on": "I am waiting for your PIN: {items}, {total} in total. With a badge, hold it up so that you are on, then say the order again. Or say: cancel.",
    "read_back_second_on_shift": "{Items}, {total} in total.{comes} Somebody else has to agree to that, with a PIN or a phone. Or say: cancel.",
    "second_needed_on_shift": "I am waiting for somebody else's PIN or phone: {items}, {total} in total. Or say: cancel.",
    "second_wrong_on_shift": "That was not right. Somebody else types a PIN and presses Enter, or agrees on a phone. Or say: cancel.",
    "second_not_this_on_shift": "You cannot agree to your own order: {items}, {total} in total. Somebody else has to, with a PIN or a phone. Or say: cancel.",
    "enrol_done_newcomer_factor_pressed": "Thank you. I know your voice now, as {name}. You can order once you are admitted. Somebody whose PIN or badge I know does it now: they type the PIN, or press the button or Enter and then hold up the badge. Or later: earmark people admit.",
}

_POLISH = {
    "shift_on": "{name}, zaczynasz zmianę. Zamówienia są na Ciebie, aż znowu przyłożysz kartę.",
    "shift_next": "{name}, zaczynasz zmianę, a poprzednia osoba ją kończy. Zamówienia są na Ciebie, aż znowu przyłożysz kartę.",
    "shift_off": "{name}, kończysz zmianę. Zamówienia nie są już na Ciebie.",
    "shift_over": "{name}, Twój czas minął i zmiana się skończyła. Żeby ją przedłużyć, przyłóż kartę.",
    "shift_unknown": "Nie znam tej karty i nic się nie zmieniło. Kartę ustawia polecenie: earmark badge.",
    "shift_locked": "Za dużo było kart, których nie znam, więc nikt nie jest na zmianie. Odczekaj chwilę i przyłóż swoją jeszcze raz.",
    "shift_failed": "Nie udało się odczytać karty, więc nikt nie jest na zmianie. Powiedz osobie, która się mną opiekuje: earmark doctor.",
    "refused_no_shift": "Nie wiem, kto zamawia, więc nic nie jest zamówione. Przyłóż kartę i powtórz zamówienie.",
    "read_back_typed_pin": "{Items}, razem {total}.{comes} Żeby zamówić, wpisz na klawiaturze urządzenia {text}, zaraz potem swój PIN, i naciśnij Enter. Zamiast tego może to potwierdzić sparowany telefon. Albo napisz: nie.",
    "typed_pin_needed": "Samo pisanie nie wystarczy. Czekam na {text} i PIN na klawiaturze urządzenia albo na sparowany telefon: {items}, razem {total}. Albo napisz: nie.",
    "typed_pin_wrong": "To się nie zgadza. Wpisz na klawiaturze urządzenia {text}, zaraz potem swój PIN, i naciśnij Enter: {items}, razem {total}. Albo napisz: nie.",
    "read_back_typed_second": "{Items}, razem {total}.{comes} Na to musi zgodzić się ktoś inny: wpisując na klawiaturze urządzenia {text} i zaraz potem PIN albo na telefonie. Albo napisz: nie.",
    "typed_second_needed": "Czekam na kogoś innego: {text} i PIN na klawiaturze urządzenia albo telefon. {Items}, razem {total}. Albo napisz: nie.",
    "typed_second_wrong": "To się nie zgadza. Ktoś inny wpisuje na klawiaturze urządzenia {text}, zaraz potem PIN, i naciska Enter: {items}, razem {total}. Albo napisz: nie.",
    "factor_late": "Nikt tego nie potwierdził na czas, więc nic nie jest zamówione. Możesz powtórzyć zamówienie.",
    "read_back_factor_pressed": "{Items}, razem {total}.{comes} To więcej, niż wolno mi zamówić samym głosem. Naciśnij przycisk albo Enter, a potem przyłóż kartę. Albo wpisz PIN i naciśnij Enter. Albo powiedz: anuluj.",
    "factor_needed_pressed": "Czekam, aż naciśniesz przycisk albo Enter, a potem przyłożysz kartę, albo na PIN: {items}, razem {total}. Albo powiedz: anuluj.",
    "read_back_factor_not_on": "{Items}, razem {total}.{comes} To więcej, niż wolno mi zamówić samym głosem. Wpisz PIN i naciśnij Enter. Kto ma kartę, najpierw zaczyna nią zmianę, a potem powtarza zamówienie. Albo powiedz: anuluj.",
    "factor_needed_not_on": "Czekam na PIN: {items}, razem {total}. Kto ma kartę, najpierw zaczyna nią zmianę, a potem powtarza zamówienie. Albo powiedz: anuluj.",
    "read_back_second_on_shift": "{Items}, razem {total}.{comes} Na to musi zgodzić się ktoś inny: PIN-em albo telefonem. Albo powiedz: anuluj.",
    "second_needed_on_shift": "Czekam na PIN albo telefon kogoś innego: {items}, razem {total}. Albo powiedz: anuluj.",
    "second_wrong_on_shift": "To się nie zgadza. Ktoś inny wpisuje PIN i naciska Enter albo zgadza się na telefonie. Albo powiedz: anuluj.",
    "second_not_this_on_shift": "Na własne zamówienie nie można się zgodzić: {items}, razem {total}. Musi to zrobić ktoś inny: PIN-em albo telefonem. Albo powiedz: anuluj.",
    "enrol_done_newcomer_factor_pressed": "Dziękuję. Znam już ten głos jako {name}. Żeby można było zamawiać, ktoś, kogo znam, wpisuje teraz swój PIN albo naciska przycisk lub Enter i przykłada kartę. Albo później: earmark people admit.",
}

_KOREAN = {
    "shift_on": "{name} 님, 근무를 시작합니다. 카드를 다시 대실 때까지 여기서 주문하는 것은 {name} 님의 주문입니다.",
    "shift_next": "{name} 님, 근무를 시작합니다. 앞 분의 근무는 끝났습니다. 카드를 다시 대실 때까지 여기서 주문하는 것은 {name} 님의 주문입니다.",
    "shift_off": "{name} 님, 근무를 마쳤습니다. 이제 여기서 주문하는 것은 {name} 님의 주문이 아닙니다.",
    "shift_over": "{name} 님, 시간이 지나 근무가 끝났습니다. 계속하시려면 카드를 대 주세요.",
    "shift_unknown": "모르는 카드라서 아무것도 바뀌지 않았습니다. 카드를 등록하려면: earmark badge.",
    "shift_locked": "모르는 카드가 너무 많아서 지금은 아무도 근무 중이 아닙니다. 잠시 후 본인 카드를 다시 대 주세요.",
    "shift_failed": "카드를 처리하지 못해 지금은 아무도 근무 중이 아닙니다. 관리하는 분께 말해 주세요: earmark doctor.",
    "refused_no_shift": "누가 주문하는지 몰라 아무것도 주문하지 않았습니다. 카드를 대고 다시 말씀해 주세요.",
    "read_back_typed_pin": "{Items}, 모두 {total}입니다.{comes} 주문하시려면 기기의 키패드에 {text}와 바로 이어서 PIN을 입력하고 Enter를 눌러 주세요. 등록된 휴대전화로 승인하셔도 됩니다. 그만두려면 입력해 주세요: 취소.",
    "typed_pin_needed": "글만으로는 주문할 수 없습니다. 키패드의 {text}와 PIN, 또는 등록된 휴대전화를 기다립니다: {items}, 모두 {total}입니다. 그만두려면 입력해 주세요: 취소.",
    "typed_pin_wrong": "맞지 않습니다. 키패드에 {text}와 바로 이어서 PIN을 입력하고 Enter를 눌러 주세요: {items}, 모두 {total}입니다. 그만두려면 입력해 주세요: 취소.",
    "read_back_typed_second": "{Items}, 모두 {total}입니다.{comes} 다른 분이 기기의 키패드에 {text}와 바로 이어서 PIN을 입력하거나 휴대전화로 동의해야 합니다. 그만두려면 입력해 주세요: 취소.",
    "typed_second_needed": "다른 분을 기다립니다: 키패드의 {text}와 PIN, 또는 휴대전화. {Items}, 모두 {total}입니다. 그만두려면 입력해 주세요: 취소.",
    "typed_second_wrong": "맞지 않습니다. 다른 분이 키패드에 {text}와 바로 이어서 PIN을 입력하고 Enter를 눌러 주세요: {items}, 모두 {total}입니다. 그만두려면 입력해 주세요: 취소.",
    "factor_late": "제시간에 확인되지 않아 아무것도 주문하지 않았습니다. 다시 말씀하셔도 됩니다.",
    "read_back_factor_pressed": "{Items}, 모두 {total}입니다.{comes} 목소리만으로 주문할 수 있는 금액보다 큽니다. 버튼이나 Enter를 누른 다음 카드를 대 주세요. PIN을 입력하고 Enter를 누르셔도 됩니다. 아니면: 취소.",
    "factor_needed_pressed": "버튼이나 Enter를 누른 다음 카드를 대시거나 PIN을 입력하시기를 기다립니다: {items}, 모두 {total}. 아니면: 취소.",
    "read_back_factor_not_on": "{Items}, 모두 {total}입니다.{comes} 목소리만으로 주문할 수 있는 금액보다 큽니다. PIN을 입력하고 Enter를 눌러 주세요. 카드가 있으면 먼저 카드를 대서 근무를 시작하고 다시 주문해 주세요. 아니면: 취소.",
    "factor_needed_not_on": "PIN을 기다립니다: {items}, 모두 {total}. 카드가 있으면 먼저 카드를 대서 근무를 시작하고 다시 주문해 주세요. 아니면: 취소.",
    "read_back_second_on_shift": "{Items}, 합계 {total}.{comes} 다른 사람이 비밀번호 또는 휴대전화로 동의해야 합니다. 그만두려면 취소라고 말해 주세요.",
    "second_needed_on_shift": "다른 사람의 비밀번호 또는 휴대전화를 기다리고 있습니다. {items}, 합계 {total}. 그만두려면 취소라고 말해 주세요.",
    "second_wrong_on_shift": "맞지 않습니다. 다른 사람이 비밀번호를 입력하고 엔터를 누르거나, 휴대전화로 동의해 주세요. 그만두려면 취소라고 말해 주세요.",
    "second_not_this_on_shift": "자신의 주문에는 동의할 수 없습니다. {items}, 합계 {total}. 다른 사람이 비밀번호 또는 휴대전화로 동의해야 합니다. 그만두려면 취소라고 말해 주세요.",
    "enrol_done_newcomer_factor_pressed": "감사합니다. 이제 {name}(으)로 압니다. 아는 분이 지금 비밀번호를 입력하거나, 버튼이나 Enter를 누르고 카드를 대면 주문할 수 있습니다. 아니면: earmark people admit.",
}

SHIFTS: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
