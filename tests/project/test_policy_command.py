"""`earmark policy`: what a house allows, told in words and as data."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent.cli import main
from agent.commands.policy_findings import NO_READER, NOTHING_TO_PRESS, policy
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.details import Details, Facts
from agent.deciding.edition import source_id
from agent.plumbing.settings_file import load_settings
from tests.committing.kit import CATALOGUE_FILE

NIGHT = """
[roles]
child = ["Tom"]

[[rule]]
id = "night"
require = "second"
from = "22:00"
until = "06:00"
over_packs = 10

[[rule]]
id = "no-wood-for-children"
require = "deny"
roles = ["child"]
categories = ["hot-drinks"]
say = "Ask a grown-up."
"""
EXPLAIN = ("--item", "coffee", "--at", "22:10", "--day", "tue")


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    (tmp_path / "catalogue.json").write_bytes(CATALOGUE_FILE.read_bytes())
    file = tmp_path / "earmark.toml"
    file.write_text('[paths]\ncatalogue_file = "catalogue.json"\n[policy]\nvoice_order_max_minor = 30_000\n')
    (tmp_path / "policy.toml").write_text(NIGHT)
    return file


def tell_facts(settings: Path, **facts: Facts) -> None:
    catalogue = parse_catalogue(CATALOGUE_FILE.read_bytes())
    details = Details(1, catalogue.shop_id, catalogue.version, source_id(CATALOGUE_FILE.read_bytes()), facts)
    (settings.parent / "catalogue.details.json").write_bytes(msgspec.json.encode(details))


def run(settings: Path, *words: str) -> int:
    return main(["-s", str(settings), "policy", *words])


def told(settings: Path, capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    capsys.readouterr()
    run(settings, "explain", "--json", *words)
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def test_it_says_what_is_needed_and_by_which_rule(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_facts(settings, coffee=Facts(categories=("hot-drinks",)))
    assert run(settings, "explain", "--person", "Anna", "--quantity", "12", *EXPLAIN) == 0
    asked, answer, *rules, as_of = capsys.readouterr().out.splitlines()
    assert asked == "Would Anna's 12 × medium roast coffee for 228.00 PLN on a Tuesday at 22:10 pass?"
    assert answer == (
        "Yes, with the approval of a second person, because the rule night asks for the approval"
        " of a second person above 10 packs from 22:00 to 06:00."
    )
    assert [line.split() for line in rules] == [
        ["night", "applies,", "and", "asks", "for", "the", "approval", "of", "a", "second", "person"],
        ["no-wood-for-children", "is", "about", "other", "people"],
    ]
    assert "when it started" in as_of


def test_no_comes_with_its_reason(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_facts(settings, coffee=Facts(categories=("hot-drinks",)))
    assert run(settings, "explain", "--person", "tom", *EXPLAIN) == 1
    answer = capsys.readouterr().out.splitlines()[1]
    assert answer == (
        "No, because the rule no-wood-for-children refuses for child of hot-drinks."
        ' It tells: "Ask a grown-up."'
    )
    assert run(settings, "explain", "--person", "Anna", "--quantity", "40", *EXPLAIN) == 1
    assert "No, because one order holds at most 20 of one thing" in capsys.readouterr().out


def test_it_answers_as_of_a_first_order_or_of_one_like_those_before(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    unusual = 'schema_version = 3\n[[rule]]\nid = "r"\nrequire = "factor"\n'
    (settings.parent / "policy.toml").write_text(f'{unusual}unusual = ["goods", "amount", "hour"]\n')
    assert run(settings, "explain", "--person", "Anna", *EXPLAIN) == 0
    answer, note = capsys.readouterr().out.splitlines()[1:4:2]
    assert answer.startswith(
        "Yes, with a PIN or badge, because the rule r asks for a PIN or badge for goods that"
    )
    assert "--ordered-before" in note
    assert run(settings, "explain", "--person", "Anna", "--ordered-before", *EXPLAIN) == 0
    out = capsys.readouterr().out
    assert "Yes, by voice alone." in out and "--ordered-before" not in out
    found = told(settings, capsys, "--person", "Anna", *EXPLAIN)
    assert found["rules"][0]["unusual"] == ["goods", "amount", "hour"]


def test_a_role_that_nothing_is_about_is_told(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(settings, "explain", "--person", "Anna", "--role", "chidl", *EXPLAIN)
    assert "note: nothing here is about the role 'chidl'; named are: child" in capsys.readouterr().out
    run(settings, "explain", "--person", "Anna", "--role", "child", *EXPLAIN)
    assert "nothing here is about the role" not in capsys.readouterr().out


def test_without_the_shops_details_a_category_may_be_any(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = told(settings, capsys, "--person", "Tom", *EXPLAIN)
    assert (found["passes"], found["needs"]) == (True, ["factor"])
    assert found["rules"][1] == {
        "id": "no-wood-for-children",
        "standing": "applies_unknown",
        "asks": "factor",
        "unusual": [],
    }
    tell_facts(settings, coffee=Facts())
    assert told(settings, capsys, "--person", "Tom", *EXPLAIN)["needs"] == []


def test_what_was_spent_before_counts(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(settings, capsys, "--person", "Anna", *EXPLAIN, "--spent-minor", "24000")
    assert (found["needs"], found["above_voice"], found["limit_minor"]) == (
        ["factor"],
        "day_over_limit",
        250_00,
    )
    assert found["passes"]


def test_doctor_and_explain_tell_of_details_of_another_catalogue_than_the_one_served(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_facts(settings, coffee=Facts(who=("fitter",)))

    def of_details() -> list[dict[str, str]]:
        capsys.readouterr()
        main(["-s", str(settings), "doctor", "--json"])
        found = json.loads(capsys.readouterr().out)
        return [one for one in found if one["what"] == "policy" and "details" in one["detail"]]

    (settings.parent / "policy.toml").write_text("")
    asked = ("--person", "Anna", "--item", "coffee")
    assert told(settings, capsys, *asked)["rule"] == "shop-who"
    assert of_details() == []
    kept = settings.parent / "state" / "till" / "catalogue.json"
    settings.write_text(settings.read_text().replace("[paths]", '[paths]\nstate_dir = "state"'))
    kept.parent.mkdir(parents=True)
    kept.write_bytes(CATALOGUE_FILE.read_bytes())
    assert of_details() == [], "it is the same catalogue"
    assert told(settings, capsys, *asked)["rule"] == "shop-who"
    kept.write_bytes(CATALOGUE_FILE.read_bytes() + b"\n")
    [finding] = of_details()
    assert finding["state"] == "note" and "details_differ" in finding["detail"]
    assert "earmark catalogue import" in finding["next_step"]
    assert told(settings, capsys, *asked)["needs"] == ["factor"]
    run(settings, "explain", *asked)
    said = capsys.readouterr().out
    assert "not known here which roles the shop lets order coffee" in said
    assert "(details_differ)\n  next: put the catalogue in use" in said


def test_doctor_tells_of_the_rules_and_of_a_file_that_keeps_the_till_from_starting(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def policy_findings() -> list[tuple[str, str]]:
        main(["-s", str(settings), "doctor", "--json"])
        found = json.loads(capsys.readouterr().out)
        return [(one["state"], one["detail"]) for one in found if one["what"] == "policy"]

    assert policy_findings() == [("ok", "2 rules beside the limits of [policy]")]
    (settings.parent / "policy.toml").write_text("[[rule]]\nid = 'x'\n")
    [(state, detail)] = policy_findings()
    assert state == "bad" and "policy_invalid" in detail
    (settings.parent / "policy.toml").unlink()
    assert policy_findings() == [("ok", "the limits of [policy]; there is no policy file")]


def test_products_are_named_as_people_name_them(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    when = EXPLAIN[2:]
    for item in ("coffee?roast=dark", "Coffee beans", "kawa"):
        assert run(settings, "explain", "--person", "Anna", "--item", item, *when) == 0
    capsys.readouterr()
    for item, code in (
        ("moon dust", "catalogue_no_such_product"),
        ("coffee?roast=blue", "catalogue_options"),
    ):
        assert run(settings, "explain", "--person", "Anna", "--item", item, *when) == 1
        assert f"code: {code}" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["household", "factory"])
def test_a_ready_policy_is_written_once_and_checked(
    settings: Path, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    assert run(settings, "install", kind) == 1
    assert "code: policy_exists" in capsys.readouterr().err
    (settings.parent / "policy.toml").unlink()
    assert run(settings, "check") == 1
    assert "code: policy_missing" in capsys.readouterr().err
    assert run(settings, "install", kind) == 0
    assert "reads it when it starts" in capsys.readouterr().out
    assert run(settings, "check") == 0
    out = capsys.readouterr().out
    assert "the shop tells no categories and hazards" in out and "lists nobody" in out


def test_check_tells_what_can_never_matter(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tell_facts(settings, coffee=Facts(categories=("tools",), who=("barista", "child")))
    text = "[limits]\nvoice_order_max_minor = 90_000\nvoice_day_max_minor = 5\n" + NIGHT
    (settings.parent / "policy.toml").write_text(text + 'products = ["plutonium"]\n')
    assert run(settings, "check") == 0
    out = capsys.readouterr().out
    assert "whoever forged voices could spend 5 in a day" in out
    assert "the shop lets only 'barista' order some goods" in out and "'child' order" not in out
    assert "voice_order_max_minor is higher than the 30000 of the settings" in out
    assert "voice_day_max_minor is lower than the 25000 of the settings" in out
    assert "the shop sells no 'plutonium'" in out
    assert "nothing that the shop sells is in category 'hot-drinks'" in out
    (settings.parent / "policy.toml").write_text(text + "colour = 3\nover_packs = -1\n")
    assert run(settings, "check") == 1
    err = capsys.readouterr().err
    assert "policy.toml:21: a rule has no 'colour'" in err and "policy.toml:22: over_packs" in err


def test_check_knows_what_the_shop_tells_of_a_catalogue_that_the_till_has_kept(
    settings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell_facts(settings, coffee=Facts(categories=("tools",), who=("barista",)))
    kept = settings.parent / "state" / "till" / "catalogue.json"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(CATALOGUE_FILE.read_bytes())
    settings.write_text(settings.read_text().replace("[paths]\n", '[paths]\nstate_dir = "state"\n'))
    assert run(settings, "check") == 0
    out = capsys.readouterr().out
    assert "the shop lets only 'barista' order some goods" in out
    assert "nothing that the shop sells is in category 'hot-drinks'" in out
    assert "tells no categories" not in out and "details_differ" not in out
    kept.write_bytes(CATALOGUE_FILE.read_bytes() + b"\n")
    (settings.parent / "policy.toml").write_text(NIGHT + 'products = ["plutonium"]\n')
    assert run(settings, "check") == 0
    out = capsys.readouterr().out
    assert "are of another catalogue than the one in use (details_differ)" in out
    assert "the shop sells no 'plutonium'" in out
    assert "tells no categories" not in out and "'barista'" not in out


def test_a_command_line_is_read_without_catalogues_and_number_words() -> None:
    code = (
        "import sys, agent.cli\n"
        "sys.exit(not {'unicode_rbnf', 'agent.deciding.edition'}.isdisjoint(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_shifts_without_a_badge_reader_are_told(settings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (settings.parent / "policy.toml").write_text("schema_version = 2\n[shift]\nhours = 8\n")
    for reader in (False, True):
        if reader:
            settings.write_text(settings.read_text() + '[touch]\nbadge_device = "/dev/input/event1"\n')
        assert run(settings, "check") == 0
        out = capsys.readouterr().out
        assert ((NO_READER in out), (NOTHING_TO_PRESS in out)) == (not reader, reader)
        found = [finding.detail for finding in policy(load_settings(settings))]
        assert ((NO_READER in found), (NOTHING_TO_PRESS in found)) == (not reader, reader)
    settings.write_text(settings.read_text() + 'button_device = "/dev/input/event2"\n')
    assert run(settings, "check") == 0
    assert NOTHING_TO_PRESS not in capsys.readouterr().out
