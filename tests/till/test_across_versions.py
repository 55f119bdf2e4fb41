"""A catalogue is replaced in the middle of a conversation: what was read back stands, with its version."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest

from agent.committing import sd_jwt
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.deciding.conversation import FactorGiven
from agent.plumbing.errors import CatalogueError
from agent.plumbing.messages import RunnerUp
from agent.plumbing.settings import Touch
from agent.till.typed import TypedDialogue
from tests.committing.kit import CATALOGUE_FILE, make_bench
from tests.till.kit import ANNA, EDITION, Till, edition_of, make_till, utterance
from tests.till.low_sensors import ANY_HOUR, BEANS, LOW, REST_S, TAKE, look, with_sensors

ORDER, CONSENT = "okay nabu order two bags of dark roast coffee", "yes place my order"
OLD, NEW = "thirty-eight zloty", "fifty-eight zloty"


def _version(number: int, *, dearer: int = 1_000, without: str = "", product: str = "") -> bytes:
    raw = json.loads(CATALOGUE_FILE.read_bytes()) | {"version": number}
    raw["products"] = [each for each in raw["products"] if each["id"] != without]
    for each in raw["products"]:
        each["price_minor"] += dearer
    if product:
        words = {"en": {"say": product}}
        raw["products"].append({"id": "new", "unit": "box", "price_minor": 500, "words": words})
    return json.dumps(raw).encode()


SECOND = edition_of(_version(2, product="green peas"))
WITHOUT_COFFEE = edition_of(_version(3, without="coffee"))


def _named_versions(till: Till) -> list[int]:
    """What the signed intents name, oldest first."""
    named = []
    for order in reversed(till.desk.journal.orders()):
        _, payload = till.desk.journal.signed_bytes(order.intent_id)
        data = decode_data(decode_event(payload, INTENT), IntentData)
        claims = json.loads(sd_jwt.verify(data.checkout, [till.bench.keys.public_jwk()]))
        named.append(claims["catalogue_version"])
    return named


def test_a_read_back_order_keeps_its_price_and_names_its_version(till: Till) -> None:
    till.wake_and_say(ORDER)
    assert OLD in till.said
    till.desk.edition = SECOND
    till.answer(CONSENT, grammar_id=SECOND.grammar_id)
    [order] = till.desk.journal.orders()
    assert (order.total.minor, order.title) == (3_800, "two bags of dark roast coffee")
    assert _named_versions(till) == [1]


def test_the_next_order_is_of_the_new_version(till: Till) -> None:
    till.desk.edition = SECOND
    till.wake_and_say(ORDER, grammar_id=SECOND.grammar_id)
    assert NEW in till.said
    till.answer(CONSENT, grammar_id=SECOND.grammar_id)
    till.wake_and_say("okay nabu order a box of green peas", grammar_id=SECOND.grammar_id)
    till.answer(CONSENT, grammar_id=SECOND.grammar_id)
    assert _named_versions(till) == [2, 2]


def test_a_question_between_two_orders_keeps_both_as_they_were_asked(till: Till) -> None:
    near = (RunnerUp("okay nabu order two bags of light roast coffee", 0.2),)
    till.wake_and_say(ORDER, runners_up=near)
    assert till.decided == ["asked_which"]
    till.desk.edition = SECOND
    till.answer("the dark roast", grammar_id=SECOND.grammar_id)
    assert OLD in till.said
    till.answer(CONSENT, grammar_id=SECOND.grammar_id)
    assert _named_versions(till) == [1]


def test_a_factor_confirms_the_version_that_was_read_back(tmp_path: Path) -> None:
    bench = make_bench(tmp_path)
    bench.settings = msgspec.structs.replace(bench.settings, touch=Touch(keypad_device="/dev/null"))
    till = make_till(bench, tmp_path)
    [anna] = till.desk.people.all()
    till.desk.factors.set(anna.pseudonym, "pin", "4711")
    till.wake_and_say("okay nabu order eight bags of dark roast coffee")
    assert till.decided == ["asked_factor"]
    till.desk.edition = SECOND
    till.spoken.factor(FactorGiven(anna.pseudonym, "pin"))
    [order] = till.desk.journal.orders()
    assert order.total.minor == 8 * 1_900
    assert _named_versions(till) == [1]


@pytest.mark.parametrize(
    ("language", "line"), [("en", "two bags of dark roast coffee"), ("pl", "dwie paczki kawy")]
)
def test_a_typed_basket_waits_for_its_voice_at_the_price_that_was_shown(
    till: Till, language: str, line: str
) -> None:
    replies: list[str] = []
    till.typed = TypedDialogue(till.desk, language, replies.append, till.what_is_low)
    till.typed.typed(line)
    shown = till.typed._state.basket.total.minor  # type: ignore[union-attr]
    till.desk.edition = SECOND
    till.wake_and_say(TAKE, grammar_id=SECOND.grammar_id)
    assert "two bags of" in till.said.lower()
    till.answer(CONSENT, grammar_id=SECOND.grammar_id)
    [order] = till.desk.journal.orders()
    assert order.total.minor == shown
    assert _named_versions(till) == [1]


def test_what_is_typed_next_is_of_the_new_version(till: Till) -> None:
    replies: list[str] = []
    typed = TypedDialogue(till.desk, "en", replies.append, till.what_is_low)
    typed.typed("order a box of green peas")
    assert "green peas" not in replies[-1]
    till.desk.edition = SECOND
    typed.typed("order a box of green peas")
    assert "ne box of green peas" in replies[-1]


def test_a_typed_conversation_whose_language_has_gone_is_told_so(till: Till) -> None:
    typed = TypedDialogue(till.desk, "pl", lambda _: None, till.what_is_low)
    raw = json.loads(_version(2))
    for each in raw["products"]:
        each["words"].pop("pl", None)
    till.desk.edition = edition_of(json.dumps(raw).encode())
    with pytest.raises(CatalogueError):
        typed.typed("dwie paczki kawy")


def test_words_that_were_heard_by_another_grammar_are_not_read(till: Till) -> None:
    till.desk.edition = SECOND
    till.wake_and_say(ORDER, grammar_id=EDITION.grammar_id)
    assert till.decided == ["not_understood"]
    till.wake_and_say(ORDER, grammar_id=SECOND.grammar_id)
    till.answer(CONSENT, grammar_id=EDITION.grammar_id)
    assert not till.desk.journal.orders()


def test_a_denial_counts_by_whatever_grammar_it_was_heard(till: Till) -> None:
    till.wake_and_say(ORDER)
    till.desk.edition = SECOND
    till.answer("", open_words="no don't", grammar_id=EDITION.grammar_id)
    assert till.decided[-1] == "cancelled"


def test_nothing_is_said_when_a_catalogue_is_replaced(till: Till) -> None:
    till.desk.edition = SECOND
    till.proposals.catalogue_changed()
    assert till.sent == []


# --- proposals ---


@pytest.fixture
def watching(tmp_path: Path) -> Till:
    return make_till(with_sensors(make_bench(tmp_path), BEANS, limits=ANY_HOUR), tmp_path)


def _replace(till: Till) -> None:
    till.desk.edition = SECOND
    till.proposals.catalogue_changed()


def test_a_proposal_keeps_the_price_that_was_said_while_it_rests(watching: Till) -> None:
    assert look(watching, LOW)
    assert OLD in watching.said
    _replace(watching)
    watching.wake_and_say(TAKE, grammar_id=SECOND.grammar_id)
    assert OLD in watching.said
    watching.answer(CONSENT, grammar_id=SECOND.grammar_id)
    assert _named_versions(watching) == [1]


def test_after_its_rest_a_proposal_is_read_back_at_the_price_that_holds_then(watching: Till) -> None:
    assert look(watching, LOW)
    _replace(watching)
    watching.bench.clocks.pass_by(REST_S)
    watching.wake_and_say(TAKE, grammar_id=SECOND.grammar_id)
    assert NEW in watching.said


def test_a_level_that_fell_further_changes_the_count_and_not_the_price(watching: Till) -> None:
    assert look(watching, LOW)
    _replace(watching)
    look(watching, msgspec.structs.replace(LOW, level=0.0))
    watching.wake_and_say(TAKE, grammar_id=SECOND.grammar_id)
    assert watching.said.startswith("Three bags of dark roast coffee, fifty-seven zloty")


def test_what_is_not_sold_any_more_is_not_proposed_and_what_is_again_is(watching: Till) -> None:
    watching.desk.edition = WITHOUT_COFFEE
    watching.proposals.catalogue_changed()
    assert not look(watching, LOW)
    assert watching.proposals.all() == []
    _replace(watching)
    assert look(watching, LOW)
    assert NEW in watching.said


def test_a_proposal_of_what_has_just_gone_can_still_be_taken(watching: Till) -> None:
    assert look(watching, LOW)
    watching.desk.edition = WITHOUT_COFFEE
    watching.proposals.catalogue_changed()
    watching.wake_and_say(TAKE, grammar_id=WITHOUT_COFFEE.grammar_id)
    assert OLD in watching.said
    watching.answer(CONSENT, ANNA, grammar_id=WITHOUT_COFFEE.grammar_id)
    assert _named_versions(watching) == [1]


def test_a_proposal_of_what_has_gone_is_over_after_its_rest(watching: Till) -> None:
    assert look(watching, LOW)
    watching.desk.edition = WITHOUT_COFFEE
    watching.proposals.catalogue_changed()
    watching.bench.clocks.pass_by(REST_S)
    watching.spoken.heard(utterance(0, TAKE, grammar_id=WITHOUT_COFFEE.grammar_id))
    assert watching.said.startswith("There is nothing")
