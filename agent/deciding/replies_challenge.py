"""What the device says around words that are to be said again, as `agent.deciding.reply_words`."""

from __future__ import annotations

from collections.abc import Mapping

_ENGLISH = {
    "read_back_challenge": "{Items}, {total} in total.{comes} To place it, say these words after me: {challenge}. Or say: cancel.",
    "help_challenge": "I have {items}, {total} in total, and nothing is ordered yet. So that no recording can order, I ask for words that are new each time. To place it, say: {challenge}. Or say: cancel.",
    "challenge_again": "I am still waiting: {items}, {total} in total. Here are new words. Say: {challenge}. Or say: cancel.",
    "challenge_too_short": "That was too short for me to know your voice. Here are new words. Say: {challenge}. Or say: cancel.",
    "challenge_too_noisy": "It was too noisy to know your voice. Come closer, and say these new words: {challenge}. Or say: cancel.",
    "challenge_open": "There is an open order first: {items}, {total} in total. Whoever asked for it says: {challenge}. Anybody may say: cancel.",
    "challenge_wrong": "Those were not the words that I asked for, so I have ordered nothing. Say: {wake}, and your order again.",
    "rule_challenge": "For that the rules of this house ask for words to be said after me, and I cannot ask for them now, so nothing is ordered. Try again later, or set a PIN with: earmark pin.",
}

_POLISH = {
    "read_back_challenge": "{Items}, razem {total}.{comes} Żeby zamówić, powtórz za mną te słowa: {challenge}. Albo powiedz: nie.",
    "help_challenge": "Mam: {items}, razem {total}. Nic jeszcze nie jest zamówione. Żeby nagranie niczego nie zamówiło, za każdym razem pytam o nowe słowa. Żeby zamówić, powiedz: {challenge}. Albo: nie.",
    "challenge_again": "Nadal czekam: {items}, razem {total}. Oto nowe słowa. Powiedz: {challenge}. Albo: nie.",
    "challenge_too_short": "Za krótko, żebym poznał głos. Oto nowe słowa. Powiedz: {challenge}. Albo: nie.",
    "challenge_too_noisy": "Było za głośno, żebym poznał głos. Podejdź bliżej i powiedz nowe słowa: {challenge}. Albo: nie.",
    "challenge_open": "Najpierw otwarte zamówienie: {items}, razem {total}. Kto je składał, mówi: {challenge}. Każdy może powiedzieć: nie.",
    "challenge_wrong": "To nie były te słowa, o które proszę, więc niczego nie zamówiłem. Powiedz: {wake}, i jeszcze raz zamówienie.",
    "rule_challenge": "Zasady tego domu wymagają do tego słów powtórzonych za mną, a teraz nie mogę o nie poprosić, więc nic nie jest zamówione. Spróbuj później albo ustaw PIN: earmark pin.",
}

_KOREAN = {
    "read_back_challenge": "{Items}, 모두 {total}입니다.{comes} 주문하시려면 이 낱말들을 따라 말씀해 주세요: {challenge}. 아니면: 취소.",
    "help_challenge": "{items}, 모두 {total}이고 아직 아무것도 주문하지 않았습니다. 녹음으로 주문할 수 없도록 매번 새 낱말을 여쭙니다. 주문하시려면: {challenge}. 아니면: 취소.",
    "challenge_again": "아직 기다리고 있습니다: {items}, 모두 {total}. 새 낱말입니다: {challenge}. 아니면: 취소.",
    "challenge_too_short": "너무 짧아 목소리를 알 수 없습니다. 새 낱말입니다: {challenge}. 아니면: 취소.",
    "challenge_too_noisy": "너무 시끄러웠습니다. 가까이 와서 새 낱말을 말씀해 주세요: {challenge}. 아니면: 취소.",
    "challenge_open": "먼저 열려 있는 주문이 있습니다: {items}, 모두 {total}. 주문하신 분은: {challenge}. 누구나: 취소.",
    "challenge_wrong": "여쭌 낱말이 아니어서 아무것도 주문하지 않았습니다. 이렇게 말씀하세요: {wake}, 그리고 주문을 다시.",
    "rule_challenge": "이 집의 규칙에 따라 낱말을 따라 말해야 하는데 지금은 여쭐 수 없어서 주문하지 않았습니다. 나중에 다시 하시거나 비밀번호를 정해 주세요: earmark pin.",
}

CHALLENGES: Mapping[str, Mapping[str, str]] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
