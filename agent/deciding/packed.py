"""Something by its id, among packed things that lie in the order of their ids."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeVar


class Named(Protocol):
    """What has an id."""

    @property
    def id(self) -> str: ...


Thing = TypeVar("Thing", bound=Named)


def found(count: int, at: Callable[[int], Thing], id_: str) -> Thing:
    """The one of that id among `count` of them; `at` unpacks the one at an index, and does so only for the
    few that are looked at. Raises KeyError where there is no such id."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        thing = at(middle)
        if thing.id == id_:
            return thing
        if thing.id < id_:
            low = middle + 1
        else:
            high = middle
    raise KeyError(id_)
