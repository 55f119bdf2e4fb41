"""An amount is printed with as many digits as its currency has, wherever it is printed."""

from __future__ import annotations

import argparse
from typing import Any

import msgspec
import pytest

from agent.commands import operators
from agent.commands.policy_words import about
from agent.deciding.rules import Rule, Step
from agent.plumbing import operator
from agent.plumbing.currencies import on_a_bill
from order_backend.mail_text import price
from tests.backend.test_mail_text import NOTICE, received

PRINTED = [
    (48_005, "PLN", "480.05 PLN"),
    (5, "PLN", "0.05 PLN"),
    (12_000, "KRW", "12000 KRW"),
    (980, "JPY", "980 JPY"),
    (1_500, "KWD", "1.500 KWD"),
]


@pytest.mark.parametrize(("minor", "currency", "printed"), PRINTED)
def test_an_amount_has_the_digits_of_its_currency(minor: int, currency: str, printed: str) -> None:
    assert on_a_bill(minor, currency) == printed
    assert price(minor, currency, "pl") == printed.replace(".", ",")
    step = Step(Rule("much", "factor", over_minor=minor), "less")
    assert about(step, currency) == f"is about more than {printed}"


def test_a_mail_about_an_order_in_yen_has_no_hundredths() -> None:
    mail = received(msgspec.structs.replace(NOTICE, currency="JPY"))
    assert "Total:         3800 JPY" in mail.get_content()


def test_orders_in_won_are_listed_without_hundredths(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    row = operator.OrderRow("i", "c", "p", "커피", 12_000, "KRW", "queued", "", "", 0, None, None)

    class Device:
        def ask(self, *_: Any) -> operator.OrdersShown:
            return operator.OrdersShown([row], [])

    monkeypatch.setattr(operators, "connect", lambda _: Device())
    operators.orders(argparse.Namespace(limit=10, json=False))
    assert "커피, 12000 KRW" in capsys.readouterr().out
