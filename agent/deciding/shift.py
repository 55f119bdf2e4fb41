"""Who is on shift: somebody's badge was held up, and what is ordered by voice counts for them until it is
held up again.

A shift stands for a voice that nobody had to have learned, and for nothing more: what needs more than a voice
asks for the badge again, for that basket.
"""

from __future__ import annotations

from dataclasses import dataclass

from agent.deciding.verification import Verdict


@dataclass(frozen=True)
class Shift:
    """`person` is on, from `began_s` until `ends_s` at the latest, by a clock that nobody can set."""

    person: str
    began_s: float
    ends_s: float

    def is_on(self, boot_s: float) -> bool:
        """Whether it is not over at that time."""
        return self.began_s <= boot_s < self.ends_s


def who_orders(heard: Verdict, on: str, *, learned: bool) -> Verdict:
    """Whose order it is where there are shifts. `heard` is what the voice says, `on` who is on ('' for
    nobody), `learned` whether that person's voice can be told.

    A known voice is that of its own person, whoever is on: else the rules for an apprentice would end where a
    master is on. One that is known and not admitted orders nothing. A voice that was heard well and is
    nobody's is not that of somebody whose voice was learned.
    """
    if heard.person or heard.reason == "not_admitted":
        return heard
    if not on:
        nobody = heard.reason in ("unknown_voice", "nobody_enrolled")
        return Verdict(reason="no_shift") if nobody else heard
    return heard if learned and heard.reason == "unknown_voice" else Verdict(on, "shift")


def who_answers(heard: Verdict, ordered: Verdict, on: str, *, learned: bool) -> Verdict:
    """Who answers to what was `ordered` on a shift: whoever is on now, where the voice does not say that it
    is somebody else. The rest as of `who_orders`."""
    if heard.person == ordered.person:
        return ordered
    return who_orders(heard, on, learned=learned)
