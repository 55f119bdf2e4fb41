"""Brings what waits for a phone's approval to the shop, which passes it on: the phone need not be near. What
does not wait any more is taken back there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from agent.committing.statements import APPROVAL_LIFETIME_S
from agent.deciding.phone import Asked
from agent.plumbing import audit
from agent.plumbing.errors import TrustError
from agent.plumbing.messages import Message, Publish
from agent.till.desk import Desk
from agent.till.proofs import Proofs

LOOK_MS = 500
AGAIN_S = 20.0
"""The same bytes again, as long as it is asked: the message may have been lost, and the shop keeps it
once. A new question when its time is over there: whoever ordered may still wait."""


@dataclass
class _Sent:
    publish: Publish
    signed_s: float
    due_s: float


class PhoneAsking:
    """Used from the till's loop. `fault` is why the shop could not be asked when that was tried last, ''."""

    def __init__(
        self,
        desk: Desk,
        proofs: Proofs,
        send: Callable[[Message], None],
        start_timer: Callable[[int, Callable[[], None]], None],
        *,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """`send` reaches `uplink` (or is dropped where there is none)."""
        self._desk, self._proofs, self._send = desk, proofs, send
        self._start_timer, self._monotonic_s = start_timer, monotonic_s
        self._sent: dict[Asked, _Sent] = {}
        self._over: dict[Asked, _Sent] = {}  # the shop still shows it, and nothing waits for it any more
        self.fault = ""

    def begin(self) -> None:
        """Looks from now on."""
        self.look()
        self._start_timer(LOOK_MS, self.begin)

    def look(self) -> None:
        """Sends what is due. Cheap where nothing is asked."""
        asked = [one for one in self._proofs.asked() if self._desk.phones.has(one.person)]
        self._over |= {one: sent for one, sent in self._sent.items() if one not in asked}
        self._sent = {one: sent for one, sent in self._sent.items() if one in asked}
        if not self._desk.online or not self._desk.road.clock_trusted():
            for sent in self._sent.values():
                sent.due_s = 0.0  # whether it has left is not known
            return
        for one in [*self._over, *asked]:
            try:
                self._take_back(one)
                if one in asked:
                    self._bring(one)
                self.fault = ""
            except TrustError as error:  # the key store does not sign now
                if error.code != self.fault:
                    audit.log(error.code, detail=error.detail, next_step=error.next_step)
                self.fault = error.code

    def _take_back(self, one: Asked) -> None:
        """Once: where that is lost, the shop shows it until its five minutes are over."""
        sent = self._over.get(one)
        if sent is None:
            return
        if self._monotonic_s() - sent.signed_s < APPROVAL_LIFETIME_S:
            self._send(self._desk.road.approval_asking.withdraw(one, sent.publish))
        del self._over[one]

    def _bring(self, one: Asked) -> None:
        now_s = self._monotonic_s()
        sent = self._sent.get(one)
        if sent is None or now_s - sent.signed_s >= APPROVAL_LIFETIME_S:
            sent = self._sent[one] = _Sent(self._desk.road.approval_asking.ask(one), now_s, 0.0)
        if now_s >= sent.due_s:
            sent.due_s = now_s + AGAIN_S
            self._send(sent.publish)
