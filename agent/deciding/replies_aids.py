"""What somebody is told who types what is neither an order nor a question to the shop: who has lost or fears
something, greets, or wants what this device cannot do. Data, by language.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Aid(NamedTuple):
    """All `lines`, with ";" between them, are answered by `reply`; `{wake}` and `{example}` there are as in
    `agent.deciding.reply_words`."""

    lines: str
    reply: str


_ENGLISH: Mapping[str, Aid] = {
    "hello": Aid(
        """
        hello; hi; hey; good morning; good afternoon; good evening; hi there; hello there; are you there;
        anybody there
        """,
        "Hello. Type for example: order {example}. Or type: help.",
    ),
    "thanks": Aid(
        """
        thank you; thanks; thank you very much; thanks a lot; many thanks; cheers; well done
        """,
        "You are welcome.",
    ),
    "pin": Aid(
        """
        i forgot my pin; i have forgotten my pin; ive forgotten my pin; what is my pin; forgot my pin;
        whats my pin; i lost my pin; i do not know my pin; i dont know my pin; my pin is wrong;
        how do i change my pin; change my pin; i need a new pin; new pin; set my pin; reset my pin;
        how do i set a pin; how do i get a pin
        """,
        "Nobody can read a PIN back, and I cannot either. A new one takes the place of the old: whoever looks after me runs earmark pin, and you type it on the keypad.",
    ),
    "badge": Aid(
        """
        i lost my badge; i have lost my badge; ive lost my badge; my badge is lost; lost my badge;
        my badge was stolen; my badge is gone; i forgot my badge; my badge does not work;
        my badge doesnt work; i need a new badge; new badge; somebody took my badge
        """,
        "Until it is taken away, whoever has that badge may use it. Whoever looks after me does that with: earmark badge PERSON --remove. And sets a new one with: earmark badge PERSON. A PIN works meanwhile.",
    ),
    "phone": Aid(
        """
        i lost my phone; i have lost my phone; ive lost my phone; my phone is lost; lost my phone;
        my phone was stolen; my phone is gone; i have a new phone; i got a new phone; new phone;
        my phone is dead; my phone is broken; my phone is empty; my battery is empty
        """,
        "Without the phone, a PIN or badge of yours will do, unless the house wants the phone. A lost one is taken away with: earmark phone remove PERSON. A new one is paired with: earmark phone pair PERSON.",
    ),
    "recorded": Aid(
        """
        do you record me; are you recording me; are you recording; do you record; are you listening;
        do you listen to me; are you spying on me; do you keep recordings; do you save what i say;
        who can hear me; do you send my voice anywhere; where does my voice go; are you always listening;
        do you record what i say
        """,
        "I listen for my wake word and then for one sentence. No recording and no word of it is kept or leaves this device. The shop gets the order, and a number in place of your name.",
    ),
    "pace": Aid(
        """
        slower; speak slower; speak more slowly; speak slowly; speak faster; speak more quickly; faster;
        talk slower; talk faster; slow down; talk more slowly; be slower; speed up
        """,
        "What you type is only shown. To have me speak more slowly or faster, say so to the device, after: {wake}.",
    ),
    "emergency": Aid(
        """
        emergency; emergency stop; stop the machine; stop the line; call an ambulance; call 112; call 999;
        call 911; call the police; call the fire brigade; fire; there is a fire; somebody is hurt;
        someone is hurt; i am hurt; im hurt; call for help; i fell; call a doctor; i have fallen
        """,
        "I can stop no machine and call nobody. Press the machine's own emergency stop, or call 112.",
    ),
    "allowed": Aid(
        """
        how much am i allowed to spend; how much may i spend; how much can i spend; what is my limit;
        whats my limit; how much can i still spend today; how much can i still spend; my limit;
        how much may i order; what may i order; what am i allowed to order; who can order here;
        who may order here; who may order; who can order; may i order; why may i not order that;
        why cant i order that; why was that refused; can my child order; can my son order;
        can my daughter order; can children order; what are the rules
        """,
        "The rules of this house say so. For one person and one order whoever looks after me can see it with: earmark policy explain --person PERSON --item ITEM.",
    ),
    "pay": Aid(
        """
        how do i pay; how can i pay; how do we pay; can i pay by card; i want to pay by card; can i pay cash;
        i want to pay cash; i want to pay; pay; payment; did i pay; who pays; who pays for that; when do i pay;
        how is it paid; how will i be charged; where is the bill; where is my invoice; send me an invoice
        """,
        "I take no money and know of no card: how it is paid is between you and the shop. To ask there, type: talk to a person.",
    ),
    "address": Aid(
        """
        change my address; my address has changed; i have a new address; i have moved; i moved; wrong address;
        what is my address; where do you deliver; where will it be delivered; deliver it somewhere else;
        deliver it to another address; send it to another address; deliver it to my neighbour;
        deliver it to my daughter; deliver it to my son; can you deliver it somewhere else
        """,
        "Where things are delivered the shop knows, and I do not. To change it, type: talk to a person.",
    ),
    "shift": Aid(
        """
        end shift; end my shift; start my shift; begin my shift; sign off; sign me off; log off; log out;
        log me out; log in; log me in; sign in; clock in; clock out; who is on shift; whos on shift; who is on;
        am i on; am i on shift; my shift is over; i am going home
        """,
        "Where this house has shifts, a badge that is held up to the reader begins one and ends it; nothing typed does. Who is on is shown by: earmark shift.",
    ),
    "lost": Aid(
        """
        i do not understand; i dont understand; i do not get it; i dont get it; i am confused; im confused;
        i am lost; im lost; this is confusing; it does not work; it doesnt work; this does not work;
        this doesnt work; you do not understand me; you dont understand me; you do not understand
        """,
        "I am sorry. Type what you need in a few words, for example: order {example}. Or ask for somebody: talk to a person.",
    ),
    "time": Aid(
        """
        what time is it; what is the time; whats the time; what day is it; how is the weather;
        what is the weather; whats the weather; play some music; play music; tell me a joke; set a timer;
        set an alarm; turn on the light; turn the light on; sing a song; i am bored
        """,
        "That I cannot do; I only order. Type for example: order {example}.",
    ),
}

_POLISH: Mapping[str, Aid] = {
    "hello": Aid(
        """
        dzień dobry; cześć; hej; witam; dobry wieczór; siema; halo; jesteś tam; jest tam ktoś
        """,
        "Dzień dobry. Napisz na przykład: poproszę {example}. Albo: pomoc.",
    ),
    "thanks": Aid(
        """
        dziękuję; dzięki; dziękuję bardzo; bardzo dziękuję; dzięki wielkie; wielkie dzięki; dziękujemy;
        super
        """,
        "Proszę bardzo.",
    ),
    "pin": Aid(
        """
        nie pamiętam pinu; nie pamiętam pin u; zapomniałem pinu; zapomniałam pinu; jaki mam pin;
        nie pamiętam mojego pinu; zapomniałem pin u; zapomniałam pin u; zgubiłem pin; zgubiłam pin;
        jaki jest mój pin; nie znam pinu; nie znam pin u; nowy pin; chcę zmienić pin; zmień pin;
        jak zmienić pin; potrzebuję nowego pinu; nie mam pinu; nie mam pin u; jak ustawić pin;
        nie pamiętam swojego pinu; zapomniałem mojego pinu; zapomniałam mojego pinu
        """,
        "PIN-u nikt nie odczyta, ja też nie. Nowy zastępuje stary: opiekun urządzenia uruchamia earmark pin, a PIN wpisuje się na klawiaturze urządzenia.",
    ),
    "badge": Aid(
        """
        zgubiłem kartę; zgubiłam kartę; nie mam karty; ukradli mi kartę; skradziono mi kartę;
        zgubiłem swoją kartę; zgubiłam swoją kartę; zapomniałem karty; zapomniałam karty; karta nie działa;
        moja karta nie działa; potrzebuję nowej karty; nowa karta; zgubiłem identyfikator;
        zgubiłam identyfikator
        """,
        "Dopóki karta nie jest odebrana, może jej użyć każdy, kto ją ma. Odbiera ją opiekun urządzenia: earmark badge OSOBA --remove. Nową ustawia: earmark badge OSOBA. W tym czasie wystarczy PIN.",
    ),
    "phone": Aid(
        """
        zgubiłem telefon; zgubiłam telefon; ukradli mi telefon; mam nowy telefon; nowy telefon;
        telefon nie działa; mój telefon nie działa; telefon mi się rozładował; nie mam telefonu;
        rozładował mi się telefon; zepsuł mi się telefon; skradziono mi telefon
        """,
        "Bez telefonu wystarczy Twój PIN albo karta, chyba że zasady domu wymagają telefonu. Zgubiony telefon usuwa: earmark phone remove OSOBA. Nowy dodaje: earmark phone pair OSOBA.",
    ),
    "recorded": Aid(
        """
        nagrywasz mnie; czy mnie nagrywasz; czy nagrywasz; nagrywasz; słuchasz mnie; podsłuchujesz;
        czy mnie słuchasz; czy mnie podsłuchujesz; podsłuchujesz mnie; kto mnie słyszy;
        gdzie idzie mój głos; czy zapisujesz co mówię; czy nagrywasz co mówię; kto to słyszy
        """,
        "Czekam na słowo wywołania, a potem słucham jednego zdania. Żadne nagranie ani słowo nie zostaje i nie opuszcza urządzenia. Sklep dostaje zamówienie i numer zamiast imienia.",
    ),
    "pace": Aid(
        """
        wolniej; mów wolniej; mów powoli; mów szybciej; szybciej; zwolnij; wolniej proszę; trochę wolniej;
        trochę szybciej; przyspiesz
        """,
        "Tutaj tylko pokazuję. Żebym mówił wolniej albo szybciej, powiedz to do urządzenia, po słowach: {wake}.",
    ),
    "emergency": Aid(
        """
        ratunku; zatrzymaj maszynę; zatrzymaj linię; wezwij karetkę; wezwij pogotowie; pożar;
        zadzwoń na 112; zadzwoń po karetkę; zadzwoń na policję; pali się; wypadek; był wypadek;
        ktoś jest ranny; jestem ranny; jestem ranna; stop awaryjny; wezwij pomoc; wezwij lekarza; upadłem;
        upadłam
        """,
        "Nie mogę zatrzymać maszyny ani nikogo wezwać. Naciśnij wyłącznik awaryjny maszyny albo zadzwoń pod 112.",
    ),
    "allowed": Aid(
        """
        ile mogę wydać; ile mogę jeszcze dziś wydać; ile mogę jeszcze wydać; jaki mam limit;
        jaki jest mój limit; co mogę zamawiać; kto może zamawiać; kto może tu zamawiać; ile mogę zamówić;
        dlaczego nie mogę tego zamówić; czemu nie mogę tego zamówić; mój limit;
        czy moje dziecko może zamawiać; czy dzieci mogą zamawiać; czy mogę zamawiać; jakie są zasady;
        czy syn może zamawiać; czy córka może zamawiać; dlaczego mi odmówiono
        """,
        "Określają to zasady tego domu. Dla jednej osoby i jednego zamówienia pokaże to opiekunowi urządzenia: earmark policy explain --person OSOBA --item RZECZ.",
    ),
    "pay": Aid(
        """
        jak zapłacić; jak mogę zapłacić; jak się płaci; czy mogę zapłacić kartą; chcę zapłacić kartą;
        czy mogę zapłacić gotówką; chcę zapłacić; płatność; czy zapłaciłem; czy zapłaciłam; kto płaci;
        kiedy się płaci; gdzie jest rachunek; gdzie jest faktura; proszę o fakturę; poproszę fakturę
        """,
        "Nie przyjmuję pieniędzy i nie znam żadnej karty: jak się płaci, ustala się ze sklepem. Żeby tam zapytać, napisz: chcę rozmawiać z człowiekiem.",
    ),
    "address": Aid(
        """
        zmień adres; zmień mój adres; mam nowy adres; mój adres się zmienił; przeprowadziłem się;
        przeprowadziłam się; zły adres; jaki jest mój adres; gdzie dostarczacie; dokąd to przyjdzie;
        dostarcz gdzie indziej; dostarcz na inny adres; wyślij na inny adres; dostarcz do córki;
        dostarcz do sąsiadki; dostarcz do syna
        """,
        "Dokąd przychodzą zamówienia, wie sklep, a ja nie. Żeby to zmienić, napisz: chcę rozmawiać z człowiekiem.",
    ),
    "shift": Aid(
        """
        koniec zmiany; kończę zmianę; zaczynam zmianę; początek zmiany; wyloguj; wyloguj mnie; zaloguj;
        zaloguj mnie; kto jest na zmianie; kto ma zmianę; czy jestem na zmianie; idę do domu
        """,
        "Jeśli ten dom ma zmiany, zaczyna i kończy je karta przyłożona do czytnika, a nie to, co się pisze. Kto jest na zmianie, pokazuje: earmark shift.",
    ),
    "lost": Aid(
        """
        nie rozumiem; nic nie rozumiem; nie rozumiem tego; nie wiem co robić; nie wiem jak; to nie działa;
        nie działa; pogubiłem się; pogubiłam się; nie rozumiesz mnie; nie rozumiesz; zgubiłem się; zgubiłam się
        """,
        "Przepraszam. Napisz w kilku słowach, czego potrzebujesz, na przykład: poproszę {example}. Albo napisz: chcę rozmawiać z człowiekiem.",
    ),
    "time": Aid(
        """
        która godzina; która jest godzina; jaki dziś dzień; jaki jest dzień; jaka jest pogoda; włącz muzykę;
        puść muzykę; opowiedz dowcip; ustaw budzik; nastaw budzik; włącz światło; ustaw minutnik;
        zaśpiewaj coś; nudzi mi się; jaka pogoda
        """,
        "Tego nie umiem, tylko zamawiam. Napisz na przykład: poproszę {example}.",
    ),
}

AIDS: Mapping[str, Mapping[str, Aid]] = {"en": _ENGLISH, "pl": _POLISH}
