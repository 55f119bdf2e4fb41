"""What the details add is of the catalogue in use, and is asked about before it is named."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from agent.deciding.conversation import Say
from agent.deciding.details import Details, Facts, Pack
from agent.plumbing.messages import Say as Spoken
from agent.till.details_added import added, instead_of_refused, with_substitutes
from agent.till.house import HouseRules
from agent.till.typed import TypedDialogue
from agent.till.typed_about import typed_about
from tests.committing.kit import make_bench
from tests.till.kit import BERT, EDITION, Till, make_till
from tests.till.test_spoken_questions import answered_by_shop

FACTS = {"rice": Facts(substitutes=("pasta", "tomatoes")), "batteries": Facts(pack=Pack(4, "piece"))}


def _told(till: Till, source: str = EDITION.source) -> None:
    details = Details(1, "corner-shop", EDITION.version, source, FACTS)
    till.desk.house = HouseRules(details=details)


@pytest.fixture
def till(tmp_path: Path) -> Iterator[Till]:
    bench = make_bench(tmp_path)
    till = make_till(bench, tmp_path)
    _told(till)
    yield till
    bench.desk.close()
    bench.journal.close()


def test_what_is_named_instead_is_what_the_shop_has(till: Till) -> None:
    stock = till.bench.desk.shop.stock
    stock.count("rice", 0)
    stock.count("pasta", 1)
    till.wake_and_say("is there any rice left", BERT)
    answered_by_shop(till)
    assert "Would one pack of pasta do" in till.said and till.listening is None
    stock.count("pasta", 0)
    till.wake_and_say("is there any rice left", BERT)
    answered_by_shop(till)
    assert "Would one can of chopped tomatoes do" in till.said
    stock.count("tomatoes", 0)
    till.wake_and_say("is there any rice left", BERT)
    answered_by_shop(till)
    assert till.said == "Out of stock: one bag of rice."


def test_a_read_back_tells_what_is_in_a_pack_aloud_and_typed(till: Till) -> None:
    till.wake_and_say("order two packs of batteries")
    assert "in total. Each holds four pieces. Say: yes, place my order." in till.said
    till.answer("no")
    shown: list[str] = []
    TypedDialogue(till.desk, "en", shown.append, till.what_is_low).typed("order a pack of batteries")
    assert "in total. It holds four pieces. To place it" in shown[-1]


def test_details_of_another_catalogue_add_nothing(till: Till) -> None:
    say = Say("price", basket=till.desk.basket_of("batteries*2", "en"))
    assert added(till.desk, say, "en") == "Each holds four pieces."
    assert added(till.desk, say, "ko") == ""
    assert say.basket is not None
    older = msgspec.structs.replace(say.basket, catalogue_version=say.basket.catalogue_version + 1)
    assert added(till.desk, Say("price", basket=older), "en") == ""
    _told(till, source="0" * 64)
    assert added(till.desk, say, "en") == ""


def test_a_question_about_much_asks_about_no_more_than_it_may(till: Till) -> None:
    basket = till.desk.basket_of("rice*2|butter*1", "en")
    assert basket is not None
    asked = {most: [sku for sku, _ in with_substitutes(till.desk, basket, "en", most)] for most in (1, 3, 9)}
    own = {"rice", "butter"}
    assert set(asked[1]) == own and set(asked[3]) == own | {"pasta"}
    assert set(asked[9]) == own | {"pasta", "tomatoes"}


def test_after_a_refusal_only_what_is_gone_is_replaced(till: Till) -> None:
    till.wake_and_say("order two bags of rice and a pack of butter")
    till.answer("yes place my order")
    [order] = till.desk.journal.orders()
    for left, named in (((("butter", 1),), True), ((("rice", 1),), False), ((), False)):
        said = instead_of_refused(till.desk, order.intent_id, left, "en")
        assert ("Would two packs of pasta do" in said) == named, left
    assert instead_of_refused(till.desk, "unknown", (), "en") == ""


def test_typed_about_oneself_tells_what_is_kept_and_does_nothing(till: Till) -> None:
    [anna] = till.desk.people.all()
    till.desk.factors.set(anna.pseudonym, "pin", "2468")
    till.desk.factors.set(anna.pseudonym, "badge", "123456")
    profile = msgspec.structs.replace(anna.profile, role="buyer", remembers=True)
    till.desk.people.keep_profile(anna.pseudonym, profile)
    said = typed_about(till.desk, "known", anna.pseudonym, "en")
    for part in ("your voice", "a PIN", "a badge", "the role buyer", "suggestions", "people export Anna"):
        assert part in said, said
    silent = till.desk.people.add("Ola", None, now_s=0).pseudonym
    assert "no voice of yours" in typed_about(till.desk, "known", silent, "en")
    assert "earmark people forget Anna" in typed_about(till.desk, "forget", anna.pseudonym, "en")
    assert "earmark chat --as" in typed_about(till.desk, "known", "", "pl")
    assert typed_about(till.desk, "known", anna.pseudonym, "ko") == ""
    assert len(till.desk.people.all()) == 2 and not [one for one in till.sent if isinstance(one, Spoken)]
