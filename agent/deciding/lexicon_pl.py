"""Polish words around the products."""

from __future__ import annotations

from agent.deciding.word_kinds import Lexicon, UnitWords

POLISH = Lexicon(
    wake_phrases=("okay nabu", "ok nabu"),
    openings=(
        "zamów",
        "zamów proszę",
        "poproszę",
        "poproszę o",
        "proszę",
        "proszę o",
        "chcę",
        "chcę zamówić",
        "chciałbym",
        "chciałabym",
        "chciałbym zamówić",
        "chciałabym zamówić",
        "kup",
        "potrzebuję",
        "daj mi",
    ),
    one_of=("jedną", "jeden", "jedno", "jedna"),
    counts={
        "dwóch": 2,
        "parę": 2,
        "pół tuzina": 6,
        "tuzin": 12,
        "półtora tuzina": 18,
        "dwa tuziny": 24,
        "trzy tuziny": 36,
    },
    units={
        "bag": UnitWords(
            "paczkę",
            "paczki",
            "paczek",
            gender="feminine",
            also=("paczka", "torbę", "torby", "toreb", "torba"),
        ),
        "box": UnitWords("pudełko", "pudełka", "pudełek", gender="neuter"),
        "bottle": UnitWords("butelkę", "butelki", "butelek", gender="feminine", also=("butelka",)),
        "can": UnitWords("puszkę", "puszki", "puszek", gender="feminine", also=("puszka",)),
        "carton": UnitWords("karton", "kartony", "kartonów", also=("kartonik", "kartoniki")),
        "pack": UnitWords("opakowanie", "opakowania", "opakowań", gender="neuter"),
        "roll": UnitWords("rolkę", "rolki", "rolek", gender="feminine", also=("rolka",)),
        "litre": UnitWords("litr", "litry", "litrów"),
        "kilogram": UnitWords("kilogram", "kilogramy", "kilogramów", also=("kilo",)),
        "metre": UnitWords("metr", "metry", "metrów"),
        "piece": UnitWords("sztukę", "sztuki", "sztuk", gender="feminine", also=("sztuka",)),
    },
    of="",
    after_joiner="z",
    and_joiner="i",
    additions=("i", "i jeszcze", "jeszcze", "oraz", "a także", "i także", "dodaj", "dodaj jeszcze"),
    corrections=("nie", "nie jednak", "jednak", "to znaczy", "nie to znaczy", "nie przepraszam", "a nie"),
    not_that=(),  # "nie kawę, tylko herbatę" begins as a correction does
    but_this=("tylko", "ale"),
    politeness=("proszę", "dziękuję"),
    consent_sentences=(
        "tak złóż moje zamówienie",
        "tak złóż zamówienie",
        "złóż moje zamówienie",
        "złóż zamówienie",
        "tak zamawiam",
        "tak potwierdzam zamówienie",
        "potwierdzam zamówienie",
    ),
    consent_openings=("tak",),
    consent_bare=("tak", "dobrze", "okej", "ok", "jasne", "zgoda", "poproszę"),
    enrolment_consents=("tak naucz się mojego głosu", "tak zgadzam się", "zgadzam się"),
    denials=(
        "nie",
        "nie dziękuję",
        "anuluj",
        "anuluj zamówienie",
        "stop",
        "zaczekaj",
        "nieważne",
        "nigdy",
        "rezygnuję",
        "odwołaj",
        "odmawiam",
        "odmawiam zamówienia",
        "rezygnujemy",
        "anulujemy",
        "czekaj",
        "ani mi się śni",
        "w życiu",
    ),
    laters=("później", "może później", "zapytaj później", "przypomnij później"),
    the_first=("pierwsze", "pierwszą", "to pierwsze"),
    the_second=("drugie", "drugą", "to drugie"),
    neither=("żadne", "żadną", "żadne z nich", "coś innego"),
    articles=("poproszę",),
    pronouns=("proszę",),
    denial_words=frozenset(
        (
            "nie nigdy ani nic nikt wcale skad skadze zaden zadna zadne zadnego zadnej zadnym stop dosc dosyc anuluj "
            "anuluje anulujemy anulujcie anulowac anulowanie anulowane rezygnuj rezygnuje rezygnujemy rezygnowac "
            "rezygnacja zrezygnuj zrezygnuje zrezygnujemy zrezygnowalem zrezygnowalam odmawiam odmawiamy odmawia odmow "
            "odmowic odmowa odwolaj odwoluje odwolujemy odwolac odwolane niewazne zaczekaj zaczekajcie zaczekajmy "
            "czekaj czekajcie czekam poczekaj poczekajcie poczekajmy wstrzymaj wstrzymuje wstrzymujemy zatrzymaj "
            "przerwij przerywam przestan cofnij cofam cofamy wycofaj wycofuje wycofujemy odrzuc odrzucam odrzucamy "
            "zabraniam zabraniamy sprzeciwiam zapomnij wykluczone niezgoda"
        ).split()
    ),
    denial_phrases=(
        "w życiu",
        "za nic",
        "po moim trupie",
        "chwila",
        "chwilę",
        "chwileczkę",
        "jeden moment",
        "momencik",
        *("zmieniłem zdanie", "zmieniłam zdanie", "zmieniliśmy zdanie", "rozmyśliłem się", "rozmyśliłam się"),
        "daj spokój",
        "gdzie tam",
        "wolne żarty",
        "zostaw to",
        "odpuść",
        "odpuszczam",
        "za drogo",
        "bez przesady",
    ),
    affirmations=("nie mogę się doczekać tak",),
    call_off_words=frozenset(
        (
            "anuluj anuluje anulujemy stop rezygnuje rezygnujemy odmawiam odmawiamy odwolaj odwoluje niewazne nigdy "
            "zapomnij"
        ).split()
    ),
    call_off_phrases=(
        "nie zamawiaj",
        "nie zamawiam",
        "nie zamawiamy",
        "nie zamów",
        "nie chcę",
        "nie chcemy",
        "nie chciałbym",
        "nie chciałabym",
        "nie kupuj",
        "nie kupuję",
        "nie potrzebuję",
        "nie potrzebujemy",
        "nie poproszę",
        "nie daj",
        *("zmieniłem zdanie", "zmieniłam zdanie", "w życiu"),
    ),
    help_phrases=("pomoc", "pomóż", "co mogę powiedzieć", "co umiesz"),
    repeat_phrases=("powtórz", "powtórz proszę", "powtórz zamówienie", "jeszcze raz", "powiedz jeszcze raz"),
    low_questions=(
        "co się kończy",
        "co się skończyło",
        "czego brakuje",
        "czego potrzebujemy",
        "co trzeba zamówić",
        "czy coś się kończy",
        "co mówią czujniki",
    ),
)
