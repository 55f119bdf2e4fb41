"""Made sentences for a benchmark in any language that the device has words for: orders of a catalogue with
what they come to, orders for things that it does not sell, and speech that is no order."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

from agent.deciding.catalogue import Catalogue
from agent.deciding.lexicon import LEXICONS
from agent.deciding.spoken_basket import spoken_line

_MOST = 6


class MadeOrder(NamedTuple):
    """A sentence, and the count of each sku that it asks for."""

    text: str
    counts: dict[str, int]


class OtherSpeech(NamedTuple):
    """`unsold`: said as an order, for what no sample shop has; `talk`: no order at all."""

    unsold: tuple[str, ...]
    talk: tuple[str, ...]


def made_orders(catalogue: Catalogue, language: str, count: int, seed: int) -> list[MadeOrder]:
    """`count` orders of one line, the products in turn; the same for the same `seed`."""
    chance = Random(seed)  # noqa: S311 - nothing secret
    products = [product for product in catalogue.products if language in product.words]
    lexicon, orders = LEXICONS[language], []
    for number in range(count):
        product = products[number % len(products)]
        options = {
            option_id: chance.choice(
                [choice for choice in catalogue.option(option_id).choices if language in choice.words]
            ).id
            for option_id in product.options
        }
        line = catalogue.line(product.id, options, chance.randint(1, _MOST), language)
        said = spoken_line(line, language)
        text = (
            f"{said} {chance.choice(lexicon.endings)}"
            if lexicon.endings
            else f"{chance.choice(lexicon.openings)} {said}"
        )
        orders.append(MadeOrder(text, {line.sku: line.quantity}))
    return orders


_ENGLISH = OtherSpeech(
    unsold=(
        *("order two pizzas with ham", "get me a pack of printer paper", "I want three kilos of potatoes"),
        *("buy a bottle of red wine", "I'd like a carton of apple juice", "order two boxes of hex bolts"),
        *("we need a pack of napkins", "can I have four cans of beer", "order six cans of cat food"),
        *("I want to buy a bicycle", "get me a roll of sticky tape", "order a bag of flour"),
        *("buy two bottles of vinegar", "order a ticket for the cinema", "I want to order a taxi"),
        *("can I have five bananas", "we need a bag of salt", "order three jars of jam"),
        *("get me a piece of cheese", "buy a box of chocolates"),
    ),
    talk=(
        *("what is the weather like tomorrow", "yesterday I met an old friend", "the cat is asleep again"),
        *("when does the bus arrive", "I have to get up early tomorrow", "what shall we eat tonight"),
        *("turn the music down a little", "the children are back from school"),
        *("close the window it is cold",),
        *("the meeting begins at three", "what time is it", "we are going to the mountains on Sunday"),
        *("switch the television off", "I will call you back later", "this book is really good"),
        *("it is raining so hard today", "I do not know where I put the keys", "we had lunch at grandma's"),
        *("I have spilled coffee on the table", "the milk has gone off and we must throw it away"),
    ),
)

_POLISH = OtherSpeech(
    unsold=(
        *("poproszę dwie pizze z szynką", "zamów paczkę papieru do drukarki", "chcę trzy worki ziemniaków"),
        *("kup butelkę czerwonego wina", "poproszę karton soku jabłkowego", "zamów dwa pudełka śrub"),
        *(
            "potrzebuję opakowanie serwetek",
            "poproszę cztery puszki piwa",
            "zamów sześć puszek karmy dla kota",
        ),
        *("chciałbym kupić rower", "daj mi rolkę taśmy klejącej", "poproszę paczkę mąki"),
        *("kup dwie butelki octu", "zamów bilet do kina", "chcę zamówić taksówkę"),
        *("poproszę pięć bananów", "potrzebuję paczkę soli", "zamów trzy słoiki dżemu"),
        *("poproszę kostkę białego sera", "kup pudełko czekoladek"),
    ),
    talk=(
        *("jaka będzie jutro pogoda", "wczoraj spotkałem starego znajomego", "kot śpi na parapecie"),
        *("o której przyjeżdża autobus", "muszę jutro wcześnie wstać", "co zjemy dzisiaj na kolację"),
        *("ścisz trochę muzykę", "dzieci wróciły już ze szkoły", "zamknij okno bo jest zimno"),
        *("spotkanie zaczyna się o trzeciej", "która jest godzina", "w niedzielę jedziemy w góry"),
        *("wyłącz telewizor", "zadzwonię do ciebie później", "ta książka jest bardzo ciekawa"),
        *("strasznie dzisiaj pada", "nie wiem gdzie położyłem klucze", "byliśmy u babci na obiedzie"),
        *("wylałem kawę na stół", "mleko się zepsuło i trzeba je wyrzucić"),
    ),
)

_KOREAN = OtherSpeech(
    unsold=(
        *("컴퓨터 한 대 주세요", "자전거 두 대 주세요", "라면 세 봉지 주세요", "맥주 두 병 주세요"),
        *(
            "김치 한 통 주문해 주세요",
            "바나나 다섯 개 부탁해요",
            "피자 한 판 주문할게요",
            "녹차 두 상자 주세요",
        ),
        *(
            "물티슈 네 묶음 주세요",
            "볼펜 열 개 주문해 주세요",
            "사과 주스 한 병 주세요",
            "고양이 사료 두 봉지 부탁해요",
        ),
        *("세제 한 통 주세요", "치즈 세 개 주문해 주세요", "두부 두 모 주세요", "택시 한 대 불러 주세요"),
        *(
            "감자 칩 두 봉지 주세요",
            "쌀 한 포대 주문할게요",
            "마늘 세 봉지 부탁해요",
            "나사못 두 상자 주세요",
        ),
    ),
    talk=(
        *("오늘 날씨가 어때요", "어제 친구를 만났어요", "고양이가 자고 있어요", "버스가 언제 와요"),
        *(
            "내일 아침 일찍 일어나야 해요",
            "저녁에 뭐 먹을까요",
            "음악 소리 좀 줄여 줘",
            "아이가 학교에서 돌아왔어요",
        ),
        *("창문을 닫아 주세요", "회의는 세 시에 시작해요", "지금 몇 시예요", "주말에 산에 가려고 해요"),
        *("텔레비전 좀 꺼 줘", "전화를 나중에 다시 할게요", "이 책 정말 재미있어요", "비가 많이 오네요"),
        *(
            "열쇠를 어디에 두었는지 모르겠어요",
            "할머니 댁에 다녀왔어요",
            "커피를 쏟았어요",
            "우유가 상했어요 버려야겠어요",
        ),
    ),
)

OTHER_SPEECH: Mapping[str, OtherSpeech] = {"en": _ENGLISH, "pl": _POLISH, "ko": _KOREAN}
"""By language."""
