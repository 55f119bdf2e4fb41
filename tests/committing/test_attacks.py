"""`earmark bench attacks`: each of its fast rows is refused here too, and one that is not would be found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.bench import attack_claims
from agent.bench.attack_claims import MANY_CLAIMS
from agent.bench.attack_connections import FLOOD
from agent.bench.attack_lab import DEVICE, Lab
from agent.bench.attack_list import ATTACKS
from agent.bench.attacks import Attack, judged, run_attacks, try_out
from agent.cli import main
from agent.committing.claim_code import ClaimCode
from order_backend.claims import Claims


@pytest.mark.timeout(400)  # against a hang
def test_every_fast_attack_is_refused_and_nothing_but_honest_orders_placed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = main(["bench", "attacks", "--fast", "--json"])
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    wrong = [row for row in result["attacks"] if row["verdict"] == "NOT REFUSED"]
    assert (wrong, code, result["control"]) == ([], 0, True)
    assert len(result["attacks"]) == len([one for one in ATTACKS if not one.slow]) > 30
    assert result["refused"] + result["harmless"] == len(result["attacks"])


def test_a_row_is_refused_only_by_the_refusal_that_is_wanted_and_without_an_order() -> None:
    attack = Attack("one", "broker", frozenset({"expired"}), lambda lab: "")
    assert judged(attack, "expired", 0) == "refused"
    assert judged(attack, "expired", 1) == "NOT REFUSED"
    assert judged(attack, "ordered", 0) == "NOT REFUSED"
    assert judged(attack._replace(places=1), "expired", 0) == "NOT REFUSED"
    assert judged(attack._replace(places=1, harmless=True), "expired", 1) == "harmless"


def test_an_attack_that_works_is_found(tmp_path: Path) -> None:
    def works(lab: Lab) -> str:
        with lab.connected(DEVICE) as client:
            lab.sent(client, lab.intent())
        return "expired"  # whatever it says of itself

    def breaks(lab: Lab) -> str:
        raise OSError("gone")

    with Lab(tmp_path) as lab:
        row = try_out(Attack("works", "order service", frozenset({"expired"}), works), lab)
        assert (row.placed, row.verdict) == (1, "NOT REFUSED")
        row = try_out(Attack("breaks", "order service", frozenset({"expired"}), breaks), lab)
        assert (row.seen, row.verdict) == ("OSError: gone", "NOT REFUSED")


@pytest.mark.slow
@pytest.mark.timeout(400)  # against a hang
def test_a_flood_by_one_device_holds_up_no_other() -> None:
    result = run_attacks(FLOOD)
    assert result["sound"], result


@pytest.mark.slow
def test_guessing_of_claim_codes_finds_none_and_is_held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attack_claims, "GUESSES", 2_000)
    result = run_attacks(MANY_CLAIMS)
    assert result["sound"], result
    assert {one for one in ATTACKS if one.slow} == {*FLOOD, *MANY_CLAIMS}


def test_a_code_that_is_found_or_spoilt_is_no_refusal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each guess is the code: the row says so, and is not taken for refused."""
    made = Claims.make

    def known(claims: Claims, *arguments: Any, **named: Any) -> ClaimCode:
        code = made(claims, *arguments, **named)
        monkeypatch.setattr(ClaimCode, "new", lambda: code)
        return code

    monkeypatch.setattr(Claims, "make", known)
    with Lab(tmp_path) as lab:
        row = try_out(attack_claims.CLAIMS[0], lab)
    assert row.verdict == "NOT REFUSED" and "let_in" in row.seen
