"""Polish ways to type what the grammar knows in other words; `typed_words` says how to read them."""

from __future__ import annotations

WAYS = """
{}: proszę {}; czy możesz {}; możesz {}; czy mogłbyś {}; czy mogłabyś {}; mógłbyś {}; dzień dobry {};
    cześć {}; hej {}; witam {}; dobry wieczór {}; przepraszam {}; no {}; to {}; no to {}; ok {}; okej {};
    dobrze {}; powiedz {}; powiedz mi {}; {} proszę; {} poproszę; {} dla mnie; {} dla nas; {} teraz;
    {} dziękuję; {} jak najszybciej; {} jeśli można; {} do kuchni; a {}
zamów {}: weź {}; weźmy {}; wezmę {}; kupić {}; zamówić {}; zamawiam {}; zamawiamy {}; trzeba kupić {};
    trzeba zamówić {}; muszę kupić {}; musimy kupić {}; chcę kupić {}; chciałbym kupić {};
    chciałabym kupić {}; czy mogę zamówić {}; mogę zamówić {}; czy mogę prosić o {}; prosimy o {};
    prosimy {}; przydałyby się {}; przydałoby się {}; przydałaby się {}; przydałby się {}; potrzebne {};
    potrzebna {}; potrzebny {}; potrzebujemy {}; skończyła się {}; skończył się {}; skończyło się {};
    skończyły się {}; kończy się {}; kończy nam się {}; kończą się {}; kończą nam się {};
    skończyła nam się {}; skończył nam się {}; skończyło nam się {}; nam się kończy {}; daj {}; przynieś {};
    wyślij {}; wyślij mi {}; przyślij {}; przyślij mi {}; kup mi {}; kup nam {}; zamów mi {}; zamów nam {};
    dodaj {}; chcemy {}; chcielibyśmy {}; chcielibyśmy zamówić {}; złóż zamówienie na {};
    zapotrzebowanie na {}
dodaj {}: zamów też {}; zamów jeszcze {}; jeszcze {}; dodaj {} do zamówienia; dorzuć {} do zamówienia;
    do tego {}; i do tego {}; dołóż {}; dorzuć {}; weź jeszcze {}; dodaj też {}; i {} też; {} też
zmień na {}: {} zamiast dwóch; {} zamiast trzech; {} zamiast jednej; {} zamiast jednego; zmień to na {};
    ma być {}; mają być {}; zrób z tego {}; niech to będzie {}
dodaj to do listy i zamów w poniedziałek: zamów to w poniedziałek; kup to w poniedziałek;
    zamów je w poniedziałek
dodaj to do listy i zamów we wtorek: zamów to we wtorek; kup to we wtorek; zamów je we wtorek
dodaj to do listy i zamów w środę: zamów to w środę; kup to w środę; zamów je w środę
dodaj to do listy i zamów w czwartek: zamów to w czwartek; kup to w czwartek; zamów je w czwartek
dodaj to do listy i zamów w piątek: zamów to w piątek; kup to w piątek; zamów je w piątek
dodaj to do listy i zamów w sobotę: zamów to w sobotę; kup to w sobotę; zamów je w sobotę
dodaj to do listy i zamów w niedzielę: zamów to w niedzielę; kup to w niedzielę; zamów je w niedzielę
dodaj to do listy i zamów jutro: zamów to jutro; kup to jutro; zamów je jutro
ile kosztuje {}: za ile jest {}; za ile są {}; jaki koszt {}; ile się płaci za {}; ile kosztuje u was {};
    jaka cena {}
czy jest {}: czy macie w sprzedaży {}; czy sprzedajecie {}; sprzedajecie {}; czy dostanę {}; dostanę {};
    czy mogę dostać {}; czy jest dostępne {}
gdzie jest {}: gdzie macie {}; gdzie mogę znaleźć {}; na której półce jest {}; na której półce są {};
    gdzie szukać {}; gdzie trzymacie {}
co pasuje do {}: co do {}; co jeszcze do {}; z czym pasuje {}; co będzie pasować do {}; co potrzebuję do {};
    co się przyda do {}
do czego to pasuje: czy to pasuje; czy pasuje; czy to będzie pasować; do czego pasuje
kiedy przyjdzie {}: kiedy dostanę {}; kiedy mogę mieć {}; kiedy byłoby {};
    kiedy będzie {} jeśli teraz zamówię; kiedy przyjdzie {} jeśli teraz zamówię
kiedy to przyjdzie: kiedy by przyszło; kiedy to dostanę; kiedy dostanę; na kiedy; na kiedy będzie;
    jak szybko to będzie; jak długo to potrwa; ile to potrwa; ile trzeba czekać; ile czeka się na dostawę
jakie są promocje: promocje; oferty; co jest przecenione; czy {} jest przeceniona; czy {} jest przecenione;
    czy {} jest przeceniony; są promocje; co taniej; co jest taniej; jakieś promocje; są jakieś zniżki;
    jakie są zniżki; są zniżki; jakie są okazje; są jakieś okazje; co jest dziś w promocji;
    jakie są dziś promocje
gdzie jest moje zamówienie: czy zamówienie poszło; czy moje zamówienie poszło; czy zamówienie przeszło;
    co z zamówieniem; gdzie jest zamówienie; kiedy przyjdzie zamówienie; gdzie moja paczka;
    gdzie jest moja paczka; kiedy dostanę zamówienie; kiedy dostanę moje zamówienie; czy to zamówione;
    czy już zamówione; czy zamówiłeś; moje zamówienie; czy zamówienie idzie; kiedy będzie zamówienie;
    sprawdź zamówienie; sprawdź moje zamówienie
chcę to zwrócić: chcę zwrócić {}; chciałbym zwrócić {}; chciałabym zwrócić {}; chcę oddać {};
    chciałbym oddać {}; chciałabym oddać {}; jak to odesłać; jak to zwrócić; jak to oddać; jak zwrócić {};
    jak oddać {}; zwrot; chcę zrobić zwrot; zwracam to; mogę to zwrócić; mogę to oddać;
    chcę zwrot pieniędzy; oddajcie pieniądze; przyszło uszkodzone; przyszło zepsute; to jest zepsute;
    reklamacja towaru
anuluj ostatnie zamówienie: wycofaj zamówienie; wycofaj moje zamówienie; chcę anulować zamówienie;
    chcę odwołać zamówienie; chcę cofnąć zamówienie; chcę anulować moje zamówienie;
    chcę anulować ostatnie zamówienie
co zamówiłem {}: co kupiłem {}; co kupiłam {}; moje zamówienia {}; co kupowałem {}
co zamówiłem dzisiaj: co dziś kupiłem; co dziś kupiłam; co dzisiaj kupiłem; co dzisiaj kupiłam
co zamówiłem w tym miesiącu: co zamówiłem; co zamówiłam; pokaż moje zamówienia; moje zamówienia;
    pokaż zamówienia; co kupiłem; co kupiłam; jakie mam zamówienia
co zamówiliśmy {}: co kupiliśmy {}; co kupowaliśmy {}
co zamówiliśmy dzisiaj: co dziś kupiliśmy
ile wydałem {}: ile zapłaciłem {}; ile zapłaciłam {}; ile pieniędzy wydałem {}
ile wydaliśmy {}: ile zapłaciliśmy {}; ile pieniędzy wydaliśmy {}
chcę rozmawiać z człowiekiem: połącz mnie z konsultantem; człowiek; chcę rozmawiać z konsultantem;
    chcę porozmawiać z konsultantem; chcę do człowieka; chcę rozmawiać ze sklepem;
    chcę porozmawiać ze sklepem; potrzebuję człowieka; mam reklamację; chcę złożyć reklamację; reklamacja;
    mam skargę; obsługa klienta; czy ktoś może mi pomóc; niech ktoś do mnie zadzwoni; kontakt ze sklepem;
    chcę rozmawiać z kierownikiem; chcę porozmawiać z kierownikiem; żywy człowiek
anuluj: zostaw; zostaw to; daj spokój; odpuść; nie chcę tego; już nie trzeba; już nie chcę; nie trzeba
to było źle: źle; pomyłka; źle mnie zrozumiałeś; źle zrozumiałeś; to pomyłka; to błąd; błąd; pomyliłeś się;
    źle usłyszałeś; coś poszło źle; to jest źle; źle to zrozumiałeś
pomoc: pomocy; pomóż mi; co potrafisz; co sprzedajecie; jak to działa; jak zamówić; jak zamawiać;
    co mogę zamówić; co mogę kupić; instrukcja; menu; co mam powiedzieć; co mam napisać; co mogę napisać;
    jak się zamawia; kim jesteś; co to jest; co mam zrobić; co teraz; o co mogę zapytać
powtórz: co mówiłeś; co powiedziałeś; słucham; powtórz to; jeszcze raz proszę; co; powtórz jeszcze raz;
    możesz powtórzyć; czy możesz powtórzyć; pokaż jeszcze raz; co jest w zamówieniu; co mam w zamówieniu;
    co zamawiam
naucz się mojego głosu: zapisz mnie; poznaj mój głos; dodaj mnie; dodaj mój głos; jestem tu nowy;
    jestem tu nowa; chcę się zapisać
zapomnij mój głos: usuń moje dane; skasuj moje dane; skasuj mnie; skasuj mój głos; wymaż mnie;
    wymaż moje dane; zapomnij moje dane; zapomnij wszystko o mnie
co o mnie wiesz: jakie masz moje dane; pokaż moje dane; czy mnie znasz; znasz mnie; co o mnie przechowujesz;
    co o mnie zapisujesz; jakie dane o mnie masz; wiesz kim jestem; czy wiesz kim jestem
o czym zwykle zapominam: co polecasz; co byś polecił; co powinienem kupić; co powinnam kupić; poleć coś;
    co proponujesz; zaproponuj coś; co mam kupić; podpowiedz coś
co się kończy: czego nam brakuje; co nam się kończy; czy czegoś brakuje; co jest na wykończeniu;
    co już się kończy; czy coś nam się kończy; co jest prawie puste; czego nie ma
co jest na liście: czy {} jest na liście; czy {} są na liście; lista; moja lista; lista zakupów;
    pokaż moją listę; pokaż mi listę; przeczytaj mi listę; co na liście; co jest na mojej liście;
    co jest na naszej liście; wyświetl listę
wyczyść listę: usuń listę; skasuj listę; usuń całą listę; skasuj całą listę; nowa lista; zacznij nową listę;
    wyczyść moją listę; opróżnij moją listę; usuń listę zakupów
dopisz {} do listy: dopisz {} do mojej listy; dodaj {} do mojej listy; wpisz {} na moją listę; zanotuj {};
    zapisz {}; przypomnij mi kupić {}; przypomnij mi o {}; przypomnij żeby kupić {}; dopisz {};
    wrzuć {} na listę; dorzuć {} do listy
usuń {} z listy: wyrzuć {} z listy; skasuj {} z listy; zdejmij {} z mojej listy
zamów listę {}: przypomnij mi {}; przypomnij {}; przypomnij mi o liście {}; zamów zakupy z listy {}
to co zwykle: to samo co zwykle; to samo co zawsze; zwykłe zamówienie; moje zwykłe zamówienie;
    zamów to samo co zwykle; zamów to samo co zawsze
to samo co ostatnio: powtórz ostatnie zamówienie; powtórz moje ostatnie zamówienie; zamów to samo;
    zamów ponownie; zamów jeszcze raz; ostatnie zamówienie jeszcze raz; jak ostatnio; to co ostatnio;
    zamów to co ostatnio
to samo co w zeszłym tygodniu: to co w zeszłym tygodniu; zamów to co w zeszłym tygodniu;
    to samo co w ubiegłym tygodniu
poproszę o wycenę na {}: wycena na {}; wycena {}; wyceń {}; proszę o wycenę na {}; chciałbym wycenę na {};
    chciałabym wycenę na {}; oferta na {}
poproszę o wycenę: wycena; wyceń to; proszę o wycenę; chciałbym wycenę; chciałabym wycenę
"""

PRICE_OF_IT = """
ile to będzie; ile razem; ile to kosztuje; ile to; ile za to; ile za wszystko; ile zapłacę; jaka jest cena;
jaka cena; ile wychodzi; ile to wychodzi; ile kosztuje; razem ile; ile płacę; ile to razem; po ile to;
ile to będzie razem; ile to będzie kosztować; ile
"""

KINDS = """
jakie macie {}; jaki macie {}; jaką macie {}; jakie {} macie; jaki {} macie; jaką {} macie; jakie są {};
jakie rodzaje {} macie; jakie są rodzaje {}; jakie {} są; pokaż {}; pokaż wszystkie {}; jakie inne {} macie
"""
