"""What is shown to whoever types about the device's knowledge of them, by language. Data, as `ask_replies`.

`{said}` is the sentence for the device, in the language that it hears, after its wake phrase.
"""

from __future__ import annotations

from collections.abc import Mapping

TYPED_ABOUT: Mapping[str, Mapping[str, str]] = {
    "en": {
        "known": (
            "{name}, I keep {parts}. All of it: earmark people export {name}. To have it destroyed: earmark people "
            "forget {name}. Or say to the device: {said}."
        ),
        "known_of_whom": (
            "I do not know who types. Say who you are: earmark chat --as NAME. Or say to the device: {said}."
        ),
        "forget": (
            "Typed words destroy nothing. To have all that I keep of you destroyed, {name}: earmark people forget "
            "{name}. Or say to the device: {said}. Your orders stay, without your name."
        ),
        "forget_whom": (
            "I do not know who types, and typed words destroy nothing. Whoever looks after me does it with: earmark "
            "people forget NAME. Or say to the device: {said}."
        ),
        "enrol": (
            "I learn a voice by hearing it. Say to the device: {said}. Or start it here with: earmark enrol {name}."
        ),
        "remember": (
            "Typed words do not show who agrees. Say to the device: {said}. Or whoever looks after me runs: earmark "
            "people remember {name}."
        ),
        "voice": "your voice, sealed, and what you agreed to",
        "voice_alone": "your voice, sealed",
        "no_voice": "no voice of yours",
        "pin": "a PIN that I cannot read back",
        "badge": "a badge that I cannot read back",
        "phone": "the key of a phone",
        "role": "the role {role}",
        "remembers": "your leave to use your orders for suggestions",
        "orders": "orders under a number in place of your name ({count})",
        "somebody": "NAME",
    },
    "pl": {
        "known": (
            "{name}, przechowuję {parts}. Wszystko: earmark people export {name}. Żeby to zniszczyć: earmark people "
            "forget {name}. Albo powiedz urządzeniu: {said}."
        ),
        "known_of_whom": (
            "Nie wiem, kto pisze. Podaj, kim jesteś: earmark chat --as IMIĘ. Albo powiedz urządzeniu: {said}."
        ),
        "forget": (
            "Pisane słowa niczego nie niszczą. Żeby zniszczyć wszystko, co o Tobie przechowuję: earmark people forget "
            "{name}. Albo powiedz urządzeniu: {said}. Zamówienia zostaną, bez imienia."
        ),
        "forget_whom": (
            "Nie wiem, kto pisze, a pisane słowa niczego nie niszczą. Opiekun urządzenia robi to tak: earmark people "
            "forget IMIĘ. Albo powiedz urządzeniu: {said}."
        ),
        "enrol": (
            "Głosu uczę się ze słuchu. Powiedz urządzeniu: {said}. Albo zacznij tutaj: earmark enrol {name}."
        ),
        "remember": (
            "Z pisanych słów nie wiem, kto się zgadza. Powiedz urządzeniu: {said}. Albo opiekun urządzenia: earmark "
            "people remember {name}."
        ),
        "voice": "zaszyfrowany głos i treść Twojej zgody",
        "voice_alone": "zaszyfrowany głos",
        "no_voice": "żadnego głosu",
        "pin": "PIN, którego nie umiem odczytać",
        "badge": "kartę, której nie umiem odczytać",
        "phone": "klucz telefonu",
        "role": "rolę {role}",
        "remembers": "Twoją zgodę na podpowiedzi z zamówień",
        "orders": "zamówienia pod numerem zamiast imienia ({count})",
        "somebody": "IMIĘ",
    },
}
