"""The ways that are really there for somebody whom another has failed."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.deciding.ways import NOTHING, WAYS, Ready, Way, other_ways

READY = st.builds(Ready, *(st.booleans() for _ in msgspec.structs.fields(Ready)))


def test_whoever_has_nothing_has_no_other_way() -> None:
    assert other_ways(NOTHING) == ()


@pytest.mark.parametrize(
    ("ready", "ways"),
    [
        (Ready(badge=True), ("badge",)),
        (Ready(pin=True, typed=True), ("pin", "chat")),
        (Ready(pin=True, typed=True, locked=True), ()),
        (Ready(badge=True, locked=True), ()),
        (Ready(phone_afar=True, locked=True), ("phone", "chat")),
        (Ready(phone_here=True), ("phone", "chat")),
        (Ready(phone_here=True, locked=True), ()),
        (Ready(shop=True, locked=True), ("person",)),
        (Ready(typed=True), ("chat",)),
    ],
)
def test_what_is_there_and_would_be_taken_now(ready: Ready, ways: tuple[Way, ...]) -> None:
    assert other_ways(ready) == ways


@given(READY, st.sets(st.sampled_from(WAYS)))
def test_what_has_failed_is_not_offered_again_and_the_shortest_comes_first(
    ready: Ready, failed: set[Way]
) -> None:
    ways = other_ways(ready, failed)
    assert failed.isdisjoint(ways) and list(ways) == [way for way in WAYS if way in ways]
    assert set(ways) == set(other_ways(ready)) - failed


@given(READY)
def test_a_lockout_leaves_nothing_that_is_typed_or_held_up_at_the_device(ready: Ready) -> None:
    locked = other_ways(msgspec.structs.replace(ready, locked=True))
    assert set(locked) <= {"phone", "chat", "person"}
    assert ("phone" in locked) == ready.phone_afar
