"""What the operator socket speaks: requests from
`earmark orders|cancel|people|enrol|pin|badge|chat|shift|catalogue`, answers from `till`.

It looks and configures; nothing here can consent to an order.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from agent.plumbing.messages import Message
from agent.plumbing.operator_feedback import ClearFeedback, FeedbackCleared, FeedbackShown, ShowFeedback
from agent.plumbing.operator_policy import ShopPolicyShown, ShowShopPolicy
from agent.plumbing.operator_rows import CatalogueHealth as CatalogueHealth
from agent.plumbing.operator_rows import CatalogueStage as CatalogueStage
from agent.plumbing.operator_rows import DecisionRow as DecisionRow
from agent.plumbing.operator_rows import FactorKind as FactorKind
from agent.plumbing.operator_rows import OrderRow as OrderRow
from agent.plumbing.operator_rows import PersonRow as PersonRow
from agent.plumbing.operator_rows import ProposalRow as ProposalRow
from agent.plumbing.operator_rows import ProposalState as ProposalState
from agent.plumbing.operator_rows import SensorRow as SensorRow
from agent.plumbing.operator_shift import ShiftRequest, ShiftShown

Text = Annotated[str, msgspec.Meta(max_length=500)]
PersonName = Annotated[str, msgspec.Meta(pattern=r"^[^\W_][^\x00-\x1f\x7f-\x9f\u200b-\u206f\ufeff]{0,39}\Z")]
"""It is spoken and shown: it begins with a letter or digit, and holds nothing that a terminal would obey."""


class ShowOrders(Message, frozen=True):
    """The newest `limit` orders and decisions."""

    limit: int = 20


class CancelOrder(Message, frozen=True):
    """Take an order back: `order` is an intent's id or the shop's number. The answer is `CancelAt`."""

    order: Text


class ChatLine(Message, frozen=True):
    """One typed line of a conversation; the connection is the conversation. `person`: who says to type, and
    shows it with a PIN at the keypad or a phone (a pseudonym or a name); '' for nobody."""

    language: str
    text: Text
    person: Text = ""


class Enrol(Message, frozen=True):
    """Start learning a voice: the device asks its owner aloud for consent."""

    name: PersonName


class SetFactor(Message, frozen=True):
    """Ask that person aloud to type a new PIN or hold up a new badge; it never passes through here."""

    person: Text
    kind: FactorKind


class RemoveFactor(Message, frozen=True):
    """Take a PIN or badge away, for instance one that was lost. The answer is `Forgotten`."""

    person: Text
    kind: FactorKind


class PairPhone(Message, frozen=True):
    """Let the phone of that `Pairing` (in JSON) approve its person's orders. The answer is `PhonePaired`."""

    pairing: Annotated[bytes, msgspec.Meta(max_length=4_000)]


class RemovePhone(Message, frozen=True):
    """Let that person's phone approve nothing any more. The answer is `Forgotten`."""

    person: Text


class ShowAsked(Message, frozen=True):
    """What that person's phone is asked now. The answer is `AskedShown`."""

    person: Text


class ShowPeople(Message, frozen=True):
    """Who is enrolled."""


class Forget(Message, frozen=True):
    """Destroy a person's key with all that it seals, and take the pseudonym out of the journal: `at_once`
    also out of what a shop that came back from a copy could need."""

    person: str
    at_once: bool = False


class AddPerson(Message, frozen=True):
    """Somebody without a voice, who will have a PIN or a badge. The answer is `PeopleShown` with that row."""

    name: PersonName


class AdmitPerson(Message, frozen=True):
    """Lets somebody order whose voice was learned without an operator; `name` replaces the one that the
    device gave. The answer is `PeopleShown` with that row."""

    person: Text
    name: PersonName | None = None


class SetRole(Message, frozen=True):
    """What a person is in the rules of the house, beside what the policy says; '' for nothing. The answer is
    `PeopleShown` with that row."""

    person: Text
    role: Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9][a-z0-9_-]{0,39})?\Z")]


class SetRemembers(Message, frozen=True):
    """Whether what a person ordered may be used to suggest something to that person. The answer is
    `PeopleShown` with that row."""

    person: Text
    remembers: bool


class ExportPerson(Message, frozen=True):
    """Everything that the device knows of a person; `templates`: with the numbers of the voiceprint. The
    answer is `PersonExported`, until one is `last`."""

    person: Text
    templates: bool = False


class LoadCatalogue(Message, frozen=True):
    """Comes with one file descriptor: a sealed memfd that holds a catalogue in JSON, of that version, with
    that SHA-256 in hex. It is compiled and takes the place of the one in use; `CatalogueAt` says where it is,
    until it is in use, or a `Problem` why it will not be."""

    version: Annotated[int, msgspec.Meta(ge=1, le=1 << 53)]
    source: Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}\Z")]


class AskHealth(Message, frozen=True):
    """What the till knows about its neighbours."""


class OrdersShown(Message, frozen=True):
    orders: list[OrderRow]
    decisions: list[DecisionRow]
    proposals: tuple[ProposalRow, ...] = ()
    sensors: tuple[SensorRow, ...] = ()


class CancelAt(Message, frozen=True):
    """cancelled: it had never left the device. asked: the shop says which came first."""

    stage: Literal["cancelled", "asked"]
    title: str


class ChatReply(Message, frozen=True):
    """`text` in the language of the conversation; more replies may follow later (a receipt)."""

    text: str


class EnrolStep(Message, frozen=True):
    """`text` is what the device says aloud; `done` ends it, `learned` tells how."""

    text: str
    done: bool = False
    learned: bool = False


class PeopleShown(Message, frozen=True):
    people: list[PersonRow]


class PersonExported(Message, frozen=True):
    """A piece of a JSON text in UTF-8."""

    text: str
    last: bool


class PhonePaired(Message, frozen=True):
    """It is told aloud too, where the device can speak."""

    name: str


class AskedShown(Message, frozen=True):
    """`asked` is an `Asked` in JSON, b'' where nothing is asked."""

    asked: bytes


class Forgotten(Message, frozen=True):
    """What stays of the person: orders without an end, and signed bytes of ended ones, the last until
    `until_s` (Unix seconds, 0 where that is not known). `in_policy`: the house's policy, a file of its own,
    names somebody of that name."""

    found: bool
    open_orders: int = 0
    signed: int = 0
    until_s: int = 0
    in_policy: bool = False


class CatalogueAt(Message, frozen=True):
    stage: CatalogueStage


class Health(Message, frozen=True):
    """`ear_trouble`: the error code of why nothing is heard, ''; `voice_faults` counts those by code;
    `signal`: what a lamp shows now (`agent.deciding.signals`), and for how long it has;
    `voices_of_another_model`: how many of the enrolled have to be learned anew; `certificate_until_s`: when
    the one for the broker ends (Unix seconds, 0 where `uplink` has not said), `certificate_fault`: why it was
    not renewed when that was tried; `policy_version`: of the shop's limits, 0 where it has set none, which it
    signed at `policy_since_s` (Unix seconds) with so many `policy_rules`; `key_state` and `key_fault` as in
    `KeyRenewal`."""

    voice: bool
    grammar: str
    broker: bool
    broker_reason: str
    clock_trusted: bool
    queued: int
    ear_trouble: str = ""
    voice_faults: dict[str, int] = msgspec.field(default_factory=dict)
    signal: str = "ready"
    signal_age_s: int = 0
    catalogue: CatalogueHealth = CatalogueHealth()
    policy_version: int = 0
    policy_since_s: int = 0
    policy_rules: int = 0
    voices_of_another_model: int = 0
    certificate_until_s: int = 0
    certificate_fault: str = ""
    key_state: str = ""
    key_fault: str = ""


class Problem(Message, frozen=True):
    """The request could not be met."""

    code: str
    detail: str
    next_step: str = ""


PeopleRequest = ShowPeople | AddPerson | AdmitPerson | SetRole | SetRemembers | ExportPerson | Forget
OperatorRequest = (
    PairPhone
    | RemovePhone
    | ShowAsked
    | SetFactor
    | RemoveFactor
    | ShowOrders
    | CancelOrder
    | ChatLine
    | Enrol
    | PeopleRequest
    | ShiftRequest
    | ShowShopPolicy
    | ShowFeedback
    | ClearFeedback
    | LoadCatalogue
    | AskHealth
)
OperatorAnswer = (
    OrdersShown
    | CancelAt
    | ChatReply
    | EnrolStep
    | PeopleShown
    | PersonExported
    | PhonePaired
    | AskedShown
    | Forgotten
    | ShiftShown
    | ShopPolicyShown
    | FeedbackShown
    | FeedbackCleared
    | CatalogueAt
    | Health
    | Problem
)
