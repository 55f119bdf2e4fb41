"""One of many packed things by its id, of which few are unpacked."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from agent.deciding.packed import found


class Thing(NamedTuple):
    id: str


@pytest.mark.parametrize("count", range(17))
def test_every_thing_is_found_and_few_are_looked_at(count: int) -> None:
    things = [Thing(f"p{2 * at:02}") for at in range(count)]
    looked_at: list[int] = []

    def at(index: int) -> Thing:
        looked_at.append(index)
        return things[index]

    for thing in things:
        looked_at.clear()
        assert found(count, at, thing.id) is thing
        assert len(set(looked_at)) == len(looked_at) <= count.bit_length()


@pytest.mark.parametrize("count", range(17))
def test_what_is_not_there_is_not_found(count: int) -> None:
    things = [Thing(f"p{2 * at:02}") for at in range(count)]
    for id_ in ("", "p", *(f"p{2 * at + 1:02}" for at in range(-1, count)), "z"):
        with pytest.raises(KeyError) as error:
            found(count, things.__getitem__, id_)
        assert error.value.args == (id_,)
