"""What is typed by measure: which part of a line says so, and how many packs that is."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.details import Pack
from agent.deciding.lexicon import LARGEST_COUNT, LEXICONS
from agent.deciding.measures import Measured, Unit, by_the_pack, measured, packs_of


@pytest.mark.parametrize(
    ("language", "part", "before", "amount", "unit", "thing"),
    [
        ("en", "order two litres of milk", "order", 2_000, "ml", "milk"),
        ("en", "3 l milk please", "", 3_000, "ml", "milk please"),
        ("en", "order 500g of ham", "order", 500, "g", "ham"),
        ("en", "1.5 kg of apples", "", 1_500, "g", "apples"),
        ("en", "1,25kg of apples", "", 1_250, "g", "apples"),
        ("en", "half a kilo of coffee", "", 500, "g", "coffee"),
        ("en", "1/2 kg of rice", "", 500, "g", "rice"),
        ("en", "bring a metre of cable", "bring", 1_000, "mm", "cable"),
        ("pl", "poproszę dwa litry mleka", "poproszę", 2_000, "ml", "mleka"),
        ("en", "100 pieces of M8 nuts", "", 100, "piece", "M8 nuts"),
        ("en", "two packs of coffee please", "", 2, "container", "coffee please"),
        ("pl", "poproszę dwie kostki masła", "poproszę", 2, "container", "masła"),
        ("pl", "kilo ziemniaków", "", 1_000, "g", "ziemniaków"),
        ("pl", "20 deko szynki", "", 200, "g", "szynki"),
        ("pl", "półtora litra mleka", "", 1_500, "ml", "mleka"),
        ("pl", "1,5 l mleka", "", 1_500, "ml", "mleka"),
    ],
)
def test_a_measure_in_a_line(
    language: str, part: str, before: str, amount: int, unit: Unit, thing: str
) -> None:
    found = measured(part, language)
    assert found is not None and found[:4] == (before, Fraction(amount), unit, thing)
    assert f"{found.before} {found.words}".replace(" ", "") == f" {part}".replace(" ", "")


@pytest.mark.parametrize(
    ("language", "part"),
    [
        ("en", "order two bags"),
        ("en", "can opener"),
        ("en", "kilo of rice"),
        ("en", "two kilos"),
        ("en", "0 kg of rice"),
        ("en", "1.2.3 kg of rice"),
        ("en", "1/0 kg of rice"),
        ("en", "1e9999999 kg of rice"),
        ("en", "1_0 kg of rice"),
        ("en", "1,000 g of rice"),
        ("pl", "1.000 g ryżu"),
        ("en", "1234567890 kg of rice"),
        ("ko", "쌀 2 kg 주세요"),
    ],
)
def test_what_is_no_measure(language: str, part: str) -> None:
    assert measured(part, language) is None


@pytest.mark.parametrize(
    ("amount", "pack", "packs"),
    [
        (2_000, Pack(1_000, "g"), 2),
        (2_000, Pack(2_000, "g"), 1),
        (500, Pack(1_000, "g"), 0),
        (1_500, Pack(1_000, "g"), 0),
        (1_000, Pack(1_000, "ml"), None),
        (1_000, Pack(10, "piece"), None),
        (1_000, None, None),
        (LARGEST_COUNT, Pack(1, "g"), LARGEST_COUNT),
        (LARGEST_COUNT + 1, Pack(1, "g"), None),
    ],
)
def test_how_many_packs_it_is(amount: int, pack: Pack | None, packs: int | None) -> None:
    assert packs_of(_of(Fraction(amount), "g"), pack) == packs


@pytest.mark.parametrize(
    ("unit", "pack", "packs"),
    [
        ("piece", Pack(100, "piece"), 2),
        ("piece", Pack(150, "piece"), 0),
        ("piece", Pack(1, "piece"), 200),
        ("piece", Pack(250, "g"), 200),
        ("piece", None, 200),
        ("container", Pack(100, "piece"), 200),
        ("container", None, 200),
    ],
)
def test_a_piece_is_one_of_a_pack_or_a_pack_and_a_container_is_a_pack(
    unit: Unit, pack: Pack | None, packs: int
) -> None:
    assert packs_of(_of(Fraction(200), unit), pack) == packs


def test_half_a_container_is_none() -> None:
    assert packs_of(_of(Fraction(1, 2), "container"), None) == 0


def _of(amount: Fraction, unit: Unit) -> Measured:
    return Measured("", amount, unit, "rice", unit, f"{amount} {unit} rice")


def _by_two(one: Measured) -> str:
    if one.said == "box":
        return one.words
    return "" if "unicorn" in one.thing else f"two bags of {one.thing}"


@pytest.mark.parametrize(
    ("text", "put"),
    [
        ("order 2 kg of rice and a box of tea.", "order two bags of rice and a box of tea"),
        ("2 kg of rice, 1 kg of salt, please", "two bags of rice, two bags of salt, please"),
        ("order a box of tea", ""),
        ("order 2 kg of rice and 2 kg of unicorns", ""),
    ],
)
def test_each_part_of_a_line_by_the_pack(text: str, put: str) -> None:
    assert by_the_pack(text, "en", _by_two) == put


@given(st.text(max_size=80), st.sampled_from(sorted(LEXICONS)))
def test_any_text_is_read(text: str, language: str) -> None:
    assert isinstance(by_the_pack(text, language, _by_two), str)
