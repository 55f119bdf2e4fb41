"""Which catalogue is in use, and how a newer one takes its place: states and events, no I/O.

    arrived -> compiling -> ready -> offered to `voice` -> taken by it -> kept on disk -> in use

A version is in use from the moment in which `voice` has said that it hears by its grammar and it is kept:
both happen in one turn of the till's loop, so that nothing heard under one version is read under another, and
whoever dies at whatever step leaves the one version that is kept. Versions only go up; a newer one supersedes
whatever is not in use yet. Without `voice` nothing changes hands: nothing can be agreed to then anyway.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

MOST_DEATHS = 2
"""So often `voice` may die with a version offered to it; then the version is taken for the cause."""


class Name(NamedTuple):
    """A catalogue: its version, and the SHA-256 of its JSON in hex."""

    version: int
    source: str


@dataclass(frozen=True)
class Compile:
    """Compile it."""

    name: Name


@dataclass(frozen=True)
class Offer:
    """Tell `voice` to hear by its grammar."""

    name: Name


@dataclass(frozen=True)
class TakeUp:
    """Keep it as the one in use; `kept` or `not_kept` is the answer, before anything else."""

    name: Name


@dataclass(frozen=True)
class Drop:
    """It will not be in use, because of `code`."""

    name: Name
    code: str


Effect = Compile | Offer | TakeUp | Drop


@dataclass(frozen=True)
class Swap:
    """`compiling`; `ready`, which is compiled; `later`, which became ready while `ready` was offered.
    `offered`: what `voice` was told and has not answered. `heard`: what it said last that it hears by."""

    in_use: Name
    compiling: Name | None = None
    ready: Name | None = None
    later: Name | None = None
    hearing: bool = False
    offered: Name | None = None
    heard: Name | None = None
    deaths: int = 0

    @property
    def newest(self) -> Name:
        """The one that will be in use if nothing goes wrong."""
        return self.compiling or self.later or self.ready or self.in_use


Step = tuple[Swap, tuple[Effect, ...]]


def arrived(swap: Swap, name: Name) -> Step:
    """The shop's, by whatever way it came."""
    if name in (swap.in_use, swap.ready, swap.later, swap.compiling):
        return swap, ()
    if name.version <= swap.newest.version:
        same = name.version == swap.newest.version
        return swap, (Drop(name, "catalogue_same_version" if same else "catalogue_older"),)
    superseded = _superseded(swap.compiling)
    return replace(swap, compiling=name), (*superseded, Compile(name))


def compiled(swap: Swap, name: Name) -> Step:
    """It can be served."""
    if name != swap.compiling:
        return swap, ()
    swap = replace(swap, compiling=None)
    if swap.ready is not None and swap.offered == swap.ready:
        return replace(swap, later=name), _superseded(swap.later)
    return _go_on(replace(swap, ready=name, deaths=0), *_superseded(swap.ready))


def not_compiled(swap: Swap, name: Name, code: str) -> Step:
    """It cannot be served."""
    if name != swap.compiling:
        return swap, ()
    return replace(swap, compiling=None), (Drop(name, code),)


def voice_came(swap: Swap) -> Step:
    """A `voice` without a grammar."""
    return _go_on(replace(swap, hearing=True, heard=None, offered=None))


def voice_went(swap: Swap) -> Step:
    """It died, perhaps of what it was offered."""
    with_ready = swap.ready is not None and swap.offered == swap.ready
    swap = replace(swap, hearing=False, heard=None, offered=None, deaths=swap.deaths + with_ready)
    if swap.ready and with_ready and swap.later:
        return _without_ready(swap, "catalogue_superseded")
    if swap.ready and with_ready and swap.deaths >= MOST_DEATHS:
        return _without_ready(swap, "catalogue_voice_died")
    return swap, ()


def taken(swap: Swap) -> Step:
    """`voice` hears by what it was offered."""
    if swap.offered is None:
        return swap, ()
    swap = replace(swap, heard=swap.offered, offered=None)
    if swap.ready is not None and swap.heard == swap.ready:
        return swap, (TakeUp(swap.ready),)
    return _go_on(swap)


def refused(swap: Swap) -> Step:
    """`voice` cannot hear by what it was offered, and hears by what it did before."""
    offered, swap = swap.offered, replace(swap, offered=None)
    if offered is None:
        return swap, ()
    if offered == swap.ready:
        swap, dropped = _without_ready(swap, "catalogue_refused")
        return _go_on(swap, *dropped)
    return _go_on(replace(swap, heard=offered))  # nothing better can be offered: the next one may be


def kept(swap: Swap) -> Step:
    """What was to be taken up is in use."""
    if swap.ready is None:
        return swap, ()
    return _go_on(replace(swap, in_use=swap.ready, ready=swap.later, later=None, deaths=0))


def not_kept(swap: Swap, code: str) -> Step:
    """It could not be kept: `voice` has to go back."""
    swap, dropped = _without_ready(swap, code)
    return _go_on(swap, *dropped)


def _go_on(swap: Swap, *effects: Effect) -> Step:
    if not swap.hearing or swap.offered is not None:
        return swap, effects
    wanted = swap.ready if swap.heard == swap.in_use else swap.in_use
    if wanted is None:
        return swap, effects
    return replace(swap, offered=wanted), (*effects, Offer(wanted))


def _without_ready(swap: Swap, code: str) -> Step:
    dropped = (Drop(swap.ready, code),) if swap.ready else ()
    return replace(swap, ready=swap.later, later=None, deaths=0), dropped


def _superseded(name: Name | None) -> tuple[Drop, ...]:
    return (Drop(name, "catalogue_superseded"),) if name else ()
