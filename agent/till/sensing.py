"""What `sensors` reports, and the device speaking up because of it, a silence or a proposal; or because a
list was to be remembered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from agent.deciding.conversation import Proposed
from agent.plumbing import audit, site_messages
from agent.plumbing.errors import JournalError
from agent.plumbing.messages import Message
from agent.till.proposals import SensorProposals
from agent.till.shopping_list import ShoppingList
from agent.till.silences import SensorSilences
from agent.till.spoken import SpokenDialogue

LOOK_MS = 1_000


class Sensing:
    """Between `sensors`, what the till keeps of it, and the spoken dialogue. Used from the till's loop."""

    def __init__(
        self,
        proposals: SensorProposals,
        silences: SensorSilences,
        spoken: SpokenDialogue,
        hears: Callable[[], bool],
        start_timer: Callable[[int, Callable[[], None]], None],
        shopping: ShoppingList | None = None,
    ) -> None:
        """Looks from now on whether something is to be said; `hears` is whether `voice` could say it."""
        self._proposals, self._silences, self._spoken = proposals, silences, spoken
        self._shopping = shopping
        self._hears, self._start_timer = hears, start_timer
        self._fault = ""
        self._look()

    def received(self, message: Message) -> None:
        """From `sensors`; kept until the next look."""
        match message:
            case site_messages.Proposal():
                self._proposals.reported(message)
            case site_messages.SensorState():
                self._silences.reported(message)

    def lost(self) -> None:
        """`sensors` is gone, or another has come."""
        self._proposals.sensors_lost()
        self._silences.sensors_lost()

    def look(self) -> None:
        """Says what is due, if this is a moment for it. A journal that cannot be written leaves it unsaid."""
        fault = ""
        try:
            silence, proposal = self._silences.due(self._proposals.said_at_s), self._proposals.due()
            if silence and self._hears():
                self._spoken.speak_up(silence.event, partial(self._silences.said, silence.sensors))
            elif proposal and self._hears():
                proposed = Proposed(proposal.basket, proposal.sensor.name, proposal.standing.level)
                self._spoken.speak_up(proposed, partial(self._proposals.said, proposal.sensor.id))
            elif self._shopping is not None and self._hears() and (listed := self._shopping.due()):
                self._spoken.speak_up(Proposed(listed), self._shopping.said)
        except JournalError as error:
            fault = error.code
            if fault != self._fault:
                audit.log(error.code, detail=error.detail, next_step=error.next_step)
        self._fault = fault

    def _look(self) -> None:
        self.look()
        self._start_timer(LOOK_MS, self._look)
