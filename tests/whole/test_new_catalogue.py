"""The whole device is brought new catalogues while it hears, speaks and orders, and is killed on the way."""

from __future__ import annotations

import json
import os

from agent.commands.operators import OperatorClient
from agent.deciding.edition import source_id
from agent.plumbing import operator
from agent.plumbing.memfd import sealed_memfd
from scripts.story.acting import agree, order
from scripts.story.customers import ANNA
from scripts.story.stage import Stage
from tests.committing.kit import CATALOGUE_FILE

COFFEE, SOAP = "order two bags of dark roast coffee.", "order three bottles of green soap."


def _catalogue(version: int) -> bytes:
    """From the second on coffee costs 10 zloty more, and there is soap, which costs its version in zloty."""
    raw = json.loads(CATALOGUE_FILE.read_bytes()) | {"version": version}
    coffee = next(product for product in raw["products"] if product["id"] == "coffee")
    coffee["price_minor"] += 1_000
    soap = {"id": "soap", "unit": "bottle", "price_minor": 100 * version}
    raw["products"].append(soap | {"words": {"en": {"say": "green soap"}}})
    return json.dumps(raw).encode()


def _bring(stage: Stage, version: int) -> OperatorClient:
    """Until it is compiled, and `voice` has it or is about to."""
    source = _catalogue(version)
    client, fd = stage.connect(), sealed_memfd(source)
    client.send(operator.LoadCatalogue(version, source_id(source)), (fd,))
    os.close(fd)
    while client.receive(operator.CatalogueAt).stage != "waiting":
        pass
    return client


def _in_use(stage: Stage) -> int:
    return stage.health().catalogue.version


def _comes_into_use(stage: Stage, version: int) -> None:
    """In the quiet after an utterance, and without a word."""
    stage.hears_nothing()
    stage.wait(lambda: _in_use(stage) == version, f"version {version} in use")


def test_an_open_question_keeps_its_price_and_the_next_order_has_the_new_one(stage: Stage) -> None:
    order(stage, ANNA, COFFEE)
    assert stage.decided()[-1] == "read_back"
    _bring(stage, 2)
    assert _in_use(stage) == 1, "somebody is being heard"
    agree(stage)
    stage.settled()
    assert stage.newest_order().total_minor == 3_800
    _comes_into_use(stage, 2)
    said = order(stage, ANNA, SOAP)
    assert "soap" in said
    assert stage.decided()[-1] == "read_back"
    agree(stage, words="no, cancel.")
    order(stage, ANNA, COFFEE)
    agree(stage)
    stage.settled()
    assert stage.newest_order().total_minor == 5_800


def test_voice_is_killed_before_it_takes_one_and_takes_it_afterwards(stage: Stage) -> None:
    before = _in_use(stage)
    _bring(stage, 3)
    stage.kill("voice")
    assert _in_use(stage) in (before, 3), "one of both, whichever moment it was"
    _comes_into_use(stage, 3)
    assert "soap" in order(stage, ANNA, SOAP)
    assert stage.decided()[-1] == "read_back"
    agree(stage, words="no, cancel.")


def test_the_till_is_killed_before_and_after_and_serves_the_one_it_kept(stage: Stage) -> None:
    before = _in_use(stage)
    _bring(stage, 4)
    stage.kill("till")
    assert _in_use(stage) in (before, 4), "one of both, whichever moment it was"
    _bring(stage, 4)
    _comes_into_use(stage, 4)
    stage.kill("till")
    assert _in_use(stage) == 4, "though the settings' file has version 1"
    assert "soap" in order(stage, ANNA, SOAP)
    assert stage.decided()[-1] == "read_back"
    agree(stage, words="no, cancel.")
