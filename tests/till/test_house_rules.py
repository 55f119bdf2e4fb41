"""The rules of a house, kept by the till: asked when something is ordered, and again when it is confirmed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from agent.deciding.details import Details, Facts, details_name
from agent.deciding.edition import source_id
from agent.deciding.policy_file import parse_policy
from agent.plumbing import messages
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Paths, Touch
from agent.plumbing.site_messages import PinTyped
from agent.plumbing.speaker_models import GE2E
from agent.till.house import HouseRules
from agent.till.surroundings import surroundings
from agent.till.touching import Touching
from tests.committing.kit import CATALOGUE_FILE, make_bench
from tests.till.kit import EDITION, Till, make_till, utterance
from tests.till.till_process import TillProcess, running_till

ORDER, CONSENT, PIN = "okay nabu order two bags of dark roast coffee", "yes place my order", "4711"
DETAILS = Details(
    1, "corner-shop", 1, EDITION.source, {"coffee": Facts(categories=("hot-drinks",)), "butter": Facts()}
)


@pytest.fixture
def till(tmp_path: Path) -> Till:
    bench = make_bench(tmp_path)
    bench.settings = msgspec.structs.replace(bench.settings, touch=Touch(keypad_device="/dev/input/event0"))
    return make_till(bench, tmp_path)


def rule(require: str, more: str = "") -> str:
    return f'[[rule]]\nid = "r"\nrequire = "{require}"\n{more}\n'


def set_rules(till: Till, text: str, details: Details | None = DETAILS) -> None:
    till.desk.house = HouseRules(parse_policy(text), details)


def set_pin(till: Till) -> Touching:
    till.desk.factors.set(till.desk.people.all()[0].pseudonym, "pin", PIN)
    return Touching(till.desk, till.spoken, lambda _, then: till.timers.append(then))


def test_what_a_rule_denies_is_not_read_back(till: Till) -> None:
    set_rules(
        till, '[roles]\nchild = ["anna"]\n' + rule("deny", 'roles = ["child"]\ncategories = ["hot-drinks"]')
    )
    till.wake_and_say(ORDER)
    assert (till.decided[-1], till.listening) == ("rule_denied", None)
    assert "rules of this house" in till.said
    till.wake_and_say("okay nabu order a pack of butter")
    assert till.decided[-1] == "read_back"


def test_what_a_rule_asks_a_pin_for_is_ordered_with_it_only(till: Till) -> None:
    set_rules(till, rule("factor"))
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "rule_factor", "she has none"
    touching = set_pin(till)
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "asked_factor"
    till.answer(CONSENT)
    assert not till.desk.journal.orders()
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "confirmed_by_pin" and len(till.desk.journal.orders()) == 1


@pytest.mark.parametrize("require", ["phone", "second"])
def test_what_needs_what_nobody_here_has_is_refused_also_with_a_pin(till: Till, require: str) -> None:
    set_pin(till)
    set_rules(till, rule(require))
    till.wake_and_say(ORDER)
    assert till.decided[-1] == f"rule_{require}"


def test_a_rule_that_begins_between_read_back_and_consent_holds(till: Till) -> None:
    till.wake_and_say(ORDER)
    set_rules(till, rule("deny"))
    till.answer(CONSENT)
    assert till.decided[-1] == "rule_denied" and not till.desk.journal.orders()


def test_the_same_while_a_pin_is_awaited(till: Till) -> None:
    touching = set_pin(till)
    set_rules(till, rule("factor"))
    till.wake_and_say(ORDER)
    set_rules(till, rule("second"))
    touching.received(PinTyped(PIN))
    assert till.decided[-1] == "rule_second" and not till.desk.journal.orders()


def test_limits_of_the_policy_tighten_those_of_the_settings(till: Till) -> None:
    set_rules(till, "[limits]\nvoice_order_max_minor = 3_799\nmost_lines = 20")
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "order_over_limit"
    assert till.desk.policy.most_lines == till.desk.settings.policy.most_lines


def test_what_all_voices_may_buy_is_that_of_the_policy(till: Till) -> None:
    set_rules(till, "[limits]\nvoice_day_together_max_minor = 37_99")
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "day_over_limit_together"
    set_rules(till, "[limits]\nvoice_day_together_max_minor = 38_00")
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "read_back"


def test_hours_are_those_of_the_room(till: Till, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XXX-02")  # two hours ahead of UTC; 2026-11-18 is a Wednesday
    __import__("time").tzset()
    set_rules(till, rule("deny", 'days = ["wed"]\nfrom = "13:00"\nuntil = "14:00"'))
    house = surroundings(till.desk, None, till.desk.people.all()[0].pseudonym).house
    assert (house.moment.day, house.moment.minute // 60) == (2, 13)
    monkeypatch.undo()
    __import__("time").tzset()
    assert house.person.name == "Anna"


@pytest.mark.parametrize("details", [None, msgspec.structs.replace(DETAILS, catalogue_sha256="0" * 64)])
def test_without_the_details_of_this_catalogue_any_product_may_be_meant(
    till: Till, details: Details | None
) -> None:
    set_pin(till)
    set_rules(till, rule("deny", 'categories = ["hot-drinks"]'), details)
    till.wake_and_say("okay nabu order a pack of butter")
    assert till.decided[-1] == "asked_factor"


FITTERS = msgspec.structs.replace(DETAILS, products={"coffee": Facts(who=("fitter",))})


def test_a_shops_word_on_who_may_order_is_not_void_once_another_catalogue_is_served(
    till: Till, capfd: pytest.CaptureFixture[str]
) -> None:
    set_rules(till, "", FITTERS)
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "rule_denied"
    assert "details_" not in capfd.readouterr().err
    set_rules(till, "", msgspec.structs.replace(FITTERS, catalogue_sha256="0" * 64))
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "rule_factor", "she has none"
    set_pin(till)
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "asked_factor"
    [logged] = [line for line in capfd.readouterr().err.splitlines() if " details_differ " in line]
    assert "next_step=" in logged and "earmark catalogue import" in logged


def test_where_the_shop_never_told_who_may_order_a_voice_is_enough(till: Till) -> None:
    set_rules(till, "", None)
    till.wake_and_say(ORDER)
    assert till.decided[-1] == "read_back"


def test_details_that_are_there_and_cannot_be_used_are_lost_and_not_none(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.json"
    paths = Paths(policy_file=str(tmp_path / "policy.toml"), catalogue_file=str(catalogue))
    details = Path(paths.details_file)

    def lost() -> tuple[bool, str]:
        house = HouseRules.open(paths)
        fault = house.lost(EDITION.source)
        assert fault is None or fault.next_step
        return house.for_order("Anna", 0, EDITION.source).lost, fault.code if fault else ""

    assert lost() == (False, "")
    details.write_bytes(msgspec.json.encode(FITTERS))
    assert lost() == (True, "details_unreadable"), "the catalogue that they are of is not there"
    catalogue.write_bytes(CATALOGUE_FILE.read_bytes())
    assert lost() == (False, "")
    details.write_bytes(b"{")
    assert lost() == (True, "details_syntax")
    details.write_bytes(msgspec.json.encode(msgspec.structs.replace(FITTERS, catalogue_sha256="0" * 64)))
    assert lost() == (True, "details_differ")
    details.unlink()
    details.mkdir()
    assert lost() == (True, "details_unreadable")


def test_a_policy_is_read_where_the_settings_say_and_never_taken_for_none(tmp_path: Path) -> None:
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_bytes(CATALOGUE_FILE.read_bytes())
    paths = Paths(policy_file=str(tmp_path / "policy.toml"), catalogue_file=str(catalogue))
    assert Path(paths.details_file).name == details_name(catalogue.name)
    assert HouseRules.open(paths).policy.rules == ()
    (tmp_path / "policy.toml").write_text(rule("deny"))
    Path(paths.details_file).write_bytes(msgspec.json.encode(DETAILS))
    found = HouseRules.open(paths)
    assert [one.require for one in found.policy.rules] == ["deny"]
    assert found.for_order("Anna", 0, source_id(catalogue.read_bytes())).facts.keys() == {"coffee", "butter"}
    Path(paths.details_file).write_bytes(b"{")
    assert HouseRules.open(paths).for_order("Anna", 0, EDITION.source).facts == {}
    for faulty, code in (
        (b"rule = 1", "policy_invalid"),
        (b"\xff", "policy_unreadable"),
        (b"[", "policy_syntax"),
    ):
        (tmp_path / "policy.toml").write_bytes(faulty)
        with pytest.raises(ConfigurationError, match=code):
            HouseRules.open(paths)


def _order(till: TillProcess) -> str:
    till.voice.send(messages.VoiceReady(GE2E))
    till.trust_time()
    till.voice.send(utterance(0, ORDER))
    return till.next_said().text


def test_the_real_till_reads_it_in_its_sandbox(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(rule("deny", 'people = ["Anna"]'))
    with running_till(tmp_path) as till:
        assert _order(till).startswith("The rules of this house do not let you")
        (tmp_path / "policy.toml").unlink()
        till.kill_and_start_again()
        assert "in total" in _order(till)
