"""What may befall the device of a conversation: no room for its journal, no folder to write in, a full queue,
an ear that is not well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from agent.committing.journal_reserve import Reserve
from agent.deciding.basket import Basket
from agent.deciding.conversation import Commit
from agent.deciding.verification import Verdict
from agent.till.desk import Conversation
from agent.till.ear import Ear

if TYPE_CHECKING:
    from agent.bench.conversation_room import Room

SOMEBODY = "p-00000000"
"""Of whom nothing else is known."""

_FAULTS = {"hears nothing": "audio_no_frames", "is overloaded": "audio_clipped"}


class RoomTroubles:
    """Of one room's device."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._ear: Ear | None = None

    def journal(self, *, room: bool) -> None:
        """Whether it finds room for its reserve: without, only what was promised before is written any
        more."""
        journal = self._room.desk.journal
        journal._reserve = (Reserve if room else _NoRoom)(journal._path)

    def folder(self, *, there: bool) -> None:
        """Whether its folder lies where it was: without, nothing is written, by whatever means."""
        here = self._room.folder
        away = here.with_name(f"{here.name}-away")
        if there and away.exists():
            here.unlink()
            away.rename(here)
        elif not there:
            here.rename(away)
            here.touch()  # or it would be made anew

    def full_queue(self, count: int) -> None:
        """So many orders of somebody who is not here, each with a badge, wait for the shop."""
        desk = self._room.desk
        line = desk.catalogue.line("coffee", {}, 1, desk.settings.device.language)
        basket = Basket((line,), desk.catalogue.version)
        commit = Commit(basket, Verdict(SOMEBODY), ("voice", "badge"), said=basket.digest)
        for _ in range(count):
            desk.commit(commit, Conversation.new(), 0)

    def ear(self, how: str) -> None:
        """As `voice` reports it, and then it is a moment to say so."""
        if self._ear is None:
            self._ear = Ear(self._room.desk, self._room.spoken.announce, lambda *_: None)
        if how in _FAULTS:
            self._ear.faulted(_FAULTS[how], "")
        else:
            self._ear.mended(self._ear.trouble)
        self._ear.look()


class _NoRoom(Reserve):
    """On a disk that is full."""

    def take(self) -> bool:
        self.give_up()
        return False
