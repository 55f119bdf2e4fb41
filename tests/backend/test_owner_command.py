"""`earmark-backend owner`: who is told, as an operator sets, removes and sees it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.errors import ConfigurationError
from order_backend.addresses import mail_address
from order_backend.cli import main
from tests.backend.post_office import ADDRESS, place, post_office, tell, turned, write_mail
from tests.committing.kit import DEVICE, Bench


def owner(bench: Bench, *words: str) -> int:
    return main(["owner", str(bench.folder.path), *words])


def test_it_sets_shows_changes_and_removes(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    def shown() -> str:
        assert owner(bench) == 0
        return capsys.readouterr().out

    assert shown() == f"{DEVICE}  nobody is told  0 sent, 0 due, 0 failed, 0 dropped\n"
    assert owner(bench, "--device", DEVICE, "--email", ADDRESS, "--language", "pl") == 0
    assert ADDRESS in capsys.readouterr().out
    place(bench)
    assert shown() == f"{DEVICE}  {ADDRESS} (pl)  0 sent, 1 due, 0 failed, 0 dropped\n"
    assert owner(bench, "--device", DEVICE, "--email", "jan@example.org") == 0
    capsys.readouterr()
    assert "jan@example.org (pl)" in shown(), "the language stays"
    assert owner(bench, "--device", DEVICE, "--language", "en") == 0
    capsys.readouterr()
    assert "jan@example.org (en)" in shown()
    assert owner(bench, "--device", DEVICE, "--remove") == 0
    assert "1 waiting mails dropped" in capsys.readouterr().out
    assert shown() == f"{DEVICE}  nobody is told  0 sent, 0 due, 0 failed, 1 dropped\n"


def test_it_shows_what_could_not_be_told_and_why(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    with post_office() as (mailbox, clerk):
        clerk.answers["RCPT"] = ["550 5.1.1 unknown", "451 4.2.0 later"]
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        failed, waiting = place(bench), place(bench, 1)
        with turned(bench.folder) as by_hand:
            by_hand.turn()
    assert owner(bench, "--device", DEVICE) == 0
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.endswith("0 sent, 1 due, 1 failed, 0 dropped")
    assert rest == [
        f"  {waiting}  due after 1 attempts: mail_recipient_refused 451 4.2.0",
        f"  {failed}  failed after 1 attempts: mail_recipient_refused 550 5.1.1",
    ]
    assert owner(bench, "--device", DEVICE, "--email", "anna@other.example") == 0
    assert "1 that could not be told before: tried again" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--device", "attic", "--email", ADDRESS), "owner_device"),
        (("--device", "attic"), "owner_device"),
        (("--email", ADDRESS), "owner_device"),
        (("--remove",), "owner_device"),
        (("--device", DEVICE, "--remove"), "owner_unknown"),
        (("--device", DEVICE, "--language", "pl"), "owner_unknown"),
        (("--device", DEVICE, "--email", "nonsense"), "owner_address"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_a_code(
    bench: Bench, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: str
) -> None:
    assert owner(bench, *words) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert code in line and "nonsense" not in line


@pytest.mark.parametrize(
    "address",
    ["anna@example.org", "a.b+c_d-e'f@xn--bcher-kva.example", "x@a.pl", "!#$%&@example.org"],
)
def test_a_plain_address_is_taken_as_it_stands(address: str) -> None:
    assert mail_address(address, "owner_address") == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "anna",
        "@example.org",
        "anna@",
        "anna@localhost",
        "anna@@example.org",
        "anna@example..org",
        "anna@-a.org",
        ".anna@example.org",
        "anna@example.org.",
        "anna@example.org\n",
        "anna@example.org\r\nBcc: x@y.example",
        "anna@example.org,jan@example.org",
        "anna@example.org jan@example.org",
        "Anna <anna@example.org>",
        '"anna b"@example.org',
        "anna@[192.0.2.1]",
        "anna(comment)@example.org",
        "anna\x00@example.org",
        "zażółć@example.org",
        "anna@żółw.example",
        "a" * 65 + "@example.org",
        "a@" + "b" * 64 + ".org",
        "a@" + ".".join(["b" * 60] * 5),
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        mail_address(address, "owner_address")
    assert caught.value.code == "owner_address" and caught.value.next_step
    assert len(address) < 15 or address not in str(caught.value), "what was typed is not said back"


@given(st.text(max_size=300))
def test_nothing_that_is_taken_holds_more_than_an_address(text: str) -> None:
    try:
        taken = mail_address(text, "owner_address")
    except ConfigurationError:
        return
    assert (
        taken.isascii() and taken.isprintable() and taken.count("@") == 1 and not set(' ,;:<>"') & set(taken)
    )
