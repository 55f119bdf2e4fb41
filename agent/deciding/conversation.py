"""What a conversation is made of: its states, the events that move it, the effects it asks for. Plain
values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.deciding.basket import Basket, Factor, Offer
from agent.deciding.challenged import ChallengeAnswered, Challenged
from agent.deciding.choice import Alternatives
from agent.deciding.feedback_given import WasWrong
from agent.deciding.inquired import Beside, Tell
from agent.deciding.offered import AskOffer, AwaitingOffer, MayBeOffered, OfferEvent
from agent.deciding.placed import Placed
from agent.deciding.silences import Since
from agent.deciding.understanding import Answer
from agent.deciding.unusual import Unusual
from agent.deciding.verification import Verdict
from agent.deciding.ways import Way
from agent.plumbing.operator import ProposalState

Which = Literal["which", "which_again"]


@dataclass(frozen=True)
class Idle:
    """Nothing is being talked about. `failures` counts what was said last and came to nothing."""

    failures: int = 0


@dataclass(frozen=True)
class Confirming(MayBeOffered):
    """The basket and its total were read back. `speaker` asked for it; `tries` counts the answers that
    decided nothing. The prices are those of `offer`, where there is one. `sentence_asked`: a bare yes was
    answered with the sentence that is needed. `said`: the digest of what was last read back."""

    basket: Basket
    speaker: Verdict
    tries: int = 1
    offer: Offer | None = None
    sentence_asked: bool = False
    said: str = ""


@dataclass(frozen=True)
class AskingAnother:
    """Is that really meant? `why`: the same basket is queued already, or it is unusually much."""

    basket: Basket
    speaker: Verdict
    tries: int = 1
    why: Literal["another", "much"] = "another"


@dataclass(frozen=True)
class Choosing:
    """Two orders sounded alike, or are as usual, and the person was asked which of them it was: `question` is
    the reply. `speaker` is who ordered."""

    choice: Alternatives
    speaker: Verdict
    question: Which = "which"


@dataclass(frozen=True)
class Committing(MayBeOffered):
    """Consent was given. The order is being journalled, or is on its way and the receipt is awaited for a
    moment."""

    basket: Basket
    speaker: Verdict
    offer: Offer | None = None


Wanted = Literal["factor", "phone", "second"]
"""A PIN or badge of whoever ordered, the approval on their phone, or that of a second person."""


@dataclass(frozen=True)
class AwaitingFactor(MayBeOffered):
    """The basket is above the voice tier: what it `wants` is awaited. `given` is what whoever ordered has
    confirmed it by, `second` the other person who has. `offer` and `said` as in `Confirming`."""

    basket: Basket
    speaker: Verdict
    tries: int = 1
    offer: Offer | None = None
    wants: Wanted = "factor"
    given: tuple[Factor, ...] = ()
    second: str = ""
    said: str = ""


Asking = Confirming | Challenged | AskingAnother | Choosing | AwaitingFactor
State = Idle | Asking | AwaitingOffer | Committing


@dataclass(frozen=True)
class OrderHeard:
    """`runner_up` is an order that sounded nearly as likely, or is nearly as usual: `question` asks which."""

    basket: Basket
    speaker: Verdict
    runner_up: Basket | None = None
    question: Which = "which"


@dataclass(frozen=True)
class Chosen:
    """One of the two in question was named. Whoever named it, the basket is that of the one who ordered."""

    basket: Basket


@dataclass(frozen=True)
class Proposed:
    """A sensor has run low and this is a moment to say so. `place` is what it watches, `level` how full that
    is, 0 to 1. Without a place it is the list that was to be remembered."""

    basket: Basket
    place: str = ""
    level: float = 0.0


@dataclass(frozen=True)
class SensorsSilent:
    """Sensors that watch `places` are not heard any more, and it is a moment to say so."""

    places: tuple[str, ...]
    since: Since

    @property
    def say(self) -> Say:
        """How that is put."""
        key = "sensor_silent" if len(self.places) == 1 else "sensors_silent"
        return Say(key, places=self.places, since=self.since)


@dataclass(frozen=True)
class Answered:
    """`speaker` is who answered; `same_speaker` whether the voice is that of the order."""

    answer: Answer
    speaker: Verdict
    same_speaker: bool = False


@dataclass(frozen=True)
class Confused:
    """Speech that is no sentence of the grammar. `room`: what of the room may be the reason; it was louder
    than what was measured, or there was more talk than an order takes."""

    room: Literal["", "too_loud", "much_talk"] = ""


@dataclass(frozen=True)
class Changed:
    """What was read back is wanted otherwise, with something more or less: `basket` is that. The rest as of
    `Answered`."""

    basket: Basket
    speaker: Verdict
    same_speaker: bool = False


@dataclass(frozen=True)
class ChangeUnclear:
    """It is wanted otherwise, but what fits no line of it, or more than one."""


@dataclass(frozen=True)
class WentOn:
    """Whoever ordered spoke on, and another order was heard in it all: what was heard first was not said."""


@dataclass(frozen=True)
class Silent:
    """The listening window passed."""


@dataclass(frozen=True)
class Helped:
    """Somebody asked what can be said."""


@dataclass(frozen=True)
class Repeated:
    """Somebody asked to hear once more what is asked."""


@dataclass(frozen=True)
class FactorGiven:
    """`person`'s PIN was typed, badge was read, or phone has approved exactly this basket."""

    person: str
    factor: Factor


@dataclass(frozen=True)
class PhoneRefused:
    """`person` has refused exactly this basket on the phone."""

    person: str


@dataclass(frozen=True)
class FactorRefused:
    """`code` says why: factor_wrong, factor_locked."""

    code: str


@dataclass(frozen=True)
class FactorLate:
    """Nobody has confirmed it for as long as it may be left open."""


Event = (
    OfferEvent
    | Placed
    | Beside
    | FactorGiven
    | FactorRefused
    | FactorLate
    | PhoneRefused
    | OrderHeard
    | Chosen
    | Proposed
    | SensorsSilent
    | Answered
    | ChallengeAnswered
    | Changed
    | ChangeUnclear
    | Confused
    | Silent
    | WentOn
    | Helped
    | Repeated
    | WasWrong
)


@dataclass(frozen=True)
class Say:
    """Speak the reply `key` (see `agent.deciding.replies`), then listen for sentences of `listen`, if any."""

    key: str
    listen: str = ""
    basket: Basket | None = None
    other: Basket | None = None
    limit: int = 0
    delivery: str = ""
    title: str = ""
    could: str = ""
    instead: str = ""  # a whole sentence
    places: tuple[str, ...] = ()
    first: str = ""  # the key of a sentence before it
    ways: tuple[Way, ...] = ()  # that are offered after it
    level: float = 0.0
    since: Since | Literal[""] = ""
    standing: ProposalState | Literal[""] = ""
    challenge: tuple[int, ...] = ()  # words to be said again, by their places
    unusual: Unusual | Literal[""] = ""  # for which more is asked for


@dataclass(frozen=True)
class Commit:
    """Sign the intent and write it to the journal; answer with `Committed`, `NotCommitted` or `OfferOver`.
    `said` is the digest of what was last read back: without it nothing is signed."""

    basket: Basket
    speaker: Verdict
    factors: tuple[Factor, ...] = ("voice",)
    offer: Offer | None = None
    said: str = ""
    by_another: bool = False  # a second person agreed as well


@dataclass(frozen=True)
class AwaitReceipt:
    """Start the short wait that ends in `ReceiptLate`."""


@dataclass(frozen=True)
class Record:
    """Write the decision `code` to the journal."""

    code: str
    basket: Basket | None = None
    person: str = ""
    title: str = ""  # what it is about, where that is no basket


Effect = Tell | Say | AskOffer | Commit | AwaitReceipt | Record
Outcome = tuple[State, tuple[Effect, ...]]
"""The next state, and what to do, in this order."""
