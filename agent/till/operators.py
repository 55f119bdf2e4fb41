"""One connection of the operator socket: it looks and configures, and can place no order."""

from __future__ import annotations

import os
from collections.abc import Callable

from agent.committing.cancelling import BY_OPERATOR
from agent.committing.journal import OrderRow
from agent.deciding.conversation import Record, SensorsSilent
from agent.deciding.proposals import Low
from agent.deciding.spoken_basket import spoken_basket
from agent.plumbing import operator
from agent.plumbing.errors import EarmarkError, IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.memfd import check_sealed
from agent.plumbing.messages import Message
from agent.plumbing.operator_feedback import ClearFeedback, FeedbackCleared, ShowFeedback
from agent.plumbing.operator_policy import ShowShopPolicy
from agent.plumbing.operator_shift import EndShift, ShowShift
from agent.till.asks import Shop
from agent.till.candidate import Told
from agent.till.desk import Conversation, Desk
from agent.till.factors import Kind
from agent.till.feedback_asked import shown
from agent.till.offers import AskForOffer
from agent.till.pairing import PhonePairing
from agent.till.people_asked import answers
from agent.till.proposals import SensorProposals
from agent.till.shift_asked import shift_shown
from agent.till.shop_policy_asked import shop_policy_shown
from agent.till.silences import SensorSilences
from agent.till.swap import Name
from agent.till.touching import OnStep
from agent.till.typed import TypedDialogue

MOST_ROWS = 100
LARGEST_CATALOGUE_BYTES = 64 << 20
SEND_TIMEOUT_SECONDS = 0.25
"""A terminal that is not read for so long has had its turn: the till serves the room first."""


class OperatorSession:
    """Answers one operator. `chat` is its typed conversation, once there is one."""

    def __init__(
        self,
        desk: Desk,
        proposals: SensorProposals,
        silences: SensorSilences,
        connection: IpcConnection,
        health: Callable[[], operator.Health],
        begin_enrolment: Callable[[OperatorSession, str], bool],
        begin_new_factor: Callable[[Kind, str, OnStep], None],
        people_changed: Callable[[], None],
        bring_catalogue: Callable[[Name, int, Told], None] | None,
        shop: Shop,
        pairing: PhonePairing,
        start_timer: Callable[[int, Callable[[], None]], None],
        ask_for_offer: AskForOffer,
    ) -> None:
        """`bring_catalogue` takes a catalogue over; None where this operator may not bring one.
        `start_timer(ms, then)` calls back once."""
        self._desk, self._connection = desk, connection
        self._proposals, self._silences = proposals, silences
        self._health, self._begin_enrolment = health, begin_enrolment
        self._begin_new_factor, self._people_changed = begin_new_factor, people_changed
        self._bring_catalogue, self._shop, self._pairing = bring_catalogue, shop, pairing
        self._start_timer, self._ask_for_offer = start_timer, ask_for_offer
        self._chat_language = self._chat_person = ""
        self.chat: TypedDialogue | None = None

    def asked(self, request: Message, fds: tuple[int, ...] = ()) -> None:
        """One request; every failure becomes a `Problem`."""
        try:
            if isinstance(request, operator.LoadCatalogue):
                self._load_catalogue(request, fds[0])
            else:
                self._answer_to(request)
        except EarmarkError as error:
            self.answer(operator.Problem(error.code, error.detail, error.next_step))

    def answer(self, message: Message) -> None:
        """To the operator, who may have gone or may not read: then the connection is closed. Raises IpcError
        ipc_frame_too_long."""
        try:
            self._connection.send(message)
        except EOFError:
            self._connection.close()

    def _chat_reply(self, text: str) -> None:
        """At any time. What is longer than a frame is not shown, and so is agreed to by nobody who types."""
        try:
            self.answer(operator.ChatReply(text))
        except IpcError as error:
            self.answer(operator.Problem(error.code, error.detail, error.next_step))

    def _answer_to(self, request: Message) -> None:
        match request:
            case operator.ShowOrders(limit=limit):
                self._show_orders(max(1, min(limit, MOST_ROWS)))
            case operator.CancelOrder(order=order):
                self.answer(operator.CancelAt(*self._desk.cancel(order, BY_OPERATOR)))
            case operator.ChatLine(language=language, text=text, person=person):
                if self.chat is None or (language, person) != (self._chat_language, self._chat_person):
                    self.chat = TypedDialogue(
                        self._desk,
                        language,
                        self._chat_reply,
                        self._what_is_low,
                        self._shop,
                        self._pairing.whose(person) if person else "",
                        start_timer=self._start_timer,
                        ask_for_offer=self._ask_for_offer,
                    )
                    self._chat_language, self._chat_person = language, person
                self.chat.typed(text)
            case operator.Enrol(name=name):
                self._refuse_beside_another_model()
                if not self._begin_enrolment(self, name):
                    raise EarmarkError(
                        "enrol_busy",
                        "the device cannot listen now",
                        "see `earmark doctor`, then run it again",
                    )
            case operator.SetFactor(person=person, kind=kind):
                self._begin_new_factor(kind, person, lambda *step: self.answer(operator.EnrolStep(*step)))
            case operator.RemoveFactor(person=person, kind=kind):
                found = self._desk.factors.remove(person, kind)
                if found:
                    self._desk.record(Record(f"{kind}_removed", person=person), Conversation.new(), "")
                self.answer(operator.Forgotten(found))
            case operator.PairPhone(pairing=pairing):
                self.answer(operator.PhonePaired(self._pairing.add(pairing)))
            case operator.RemovePhone(person=person):
                self.answer(operator.Forgotten(self._pairing.remove(person)))
            case operator.ShowAsked(person=person):
                self.answer(operator.AskedShown(self._pairing.asked(person)))
            case (
                operator.ShowPeople()
                | operator.AddPerson()
                | operator.AdmitPerson()
                | operator.SetRole()
                | operator.SetRemembers()
                | operator.ExportPerson()
                | operator.Forget()
            ):
                for answer in answers(self._desk, request, self._people_changed):
                    self.answer(answer)
            case ShowShift() | EndShift():
                self.answer(shift_shown(self._desk, request))
            case ShowShopPolicy():
                self.answer(shop_policy_shown(self._desk))
            case ShowFeedback(limit=limit):
                self.answer(shown(self._desk.feedback, limit))
            case ClearFeedback():
                self.answer(FeedbackCleared(self._desk.feedback.clear()))
            case operator.AskHealth():
                self.answer(self._health())

    def _load_catalogue(self, request: operator.LoadCatalogue, fd: int) -> None:
        try:
            if self._bring_catalogue is None:
                raise EarmarkError(
                    "catalogue_not_allowed",
                    "only root and the device's own user may bring a catalogue: it has the prices",
                    "run it with sudo",
                )
            check_sealed(fd, LARGEST_CATALOGUE_BYTES)
        except EarmarkError:
            os.close(fd)
            raise
        self._bring_catalogue(Name(request.version, request.source), fd, self._tell_catalogue)

    def _tell_catalogue(self, news: operator.CatalogueStage | EarmarkError) -> None:
        if isinstance(news, EarmarkError):
            self.answer(operator.Problem(news.code, news.detail, news.next_step))
        else:
            self.answer(operator.CatalogueAt(news))

    def _refuse_beside_another_model(self) -> None:
        """Somebody known by another model could not be told from the newcomer, and would have the daily cap
        twice."""
        if others := self._desk.incomparable():
            raise EarmarkError(
                "voice_model_changed",
                f"{len(others)} enrolled voices were not learned with {self._desk.speaker_model}"
                " and cannot be compared with a new one",
                f"earmark people forget {others[0].pseudonym}; then enrol everybody anew",
            )

    def _what_is_low(self) -> tuple[list[Low], list[SensorsSilent]]:
        return [waiting.low for waiting in self._proposals.all()], self._silences.silent()

    def _show_orders(self, limit: int) -> None:
        orders = [_order_row(row) for row in self._desk.journal.orders(limit)]
        decisions = [
            operator.DecisionRow(row.at_s, row.conversation, row.code, row.title, row.person)
            for row in self._desk.journal.decisions(limit)
        ]
        try:
            shown = operator.OrdersShown(orders, decisions, self._proposals_shown(), self._silences.all())
            self.answer(shown)
        except IpcError:  # long titles: the newest that fit into one frame
            if limit == 1:
                raise
            self._show_orders(limit // 2)

    def _proposals_shown(self) -> tuple[operator.ProposalRow, ...]:
        language = self._desk.settings.device.language
        return tuple(
            operator.ProposalRow(
                sensor=waiting.sensor.id,
                name=waiting.sensor.name,
                level=waiting.standing.level,
                title=spoken_basket(waiting.basket, language),
                total_minor=waiting.basket.total.minor,
                currency=waiting.basket.total.currency,
                state=waiting.low.state,
            )
            for waiting in self._proposals.all()
        )


def _order_row(row: OrderRow) -> operator.OrderRow:
    return operator.OrderRow(
        intent_id=str(row.intent_id),
        conversation=row.conversation,
        person=row.person,
        title=row.title,
        total_minor=row.total.minor,
        currency=row.total.currency,
        state=row.state,
        order_id=row.order_id,
        reason=row.reason,
        queued_at=row.queued_at_s,
        settled_at=row.settled_at_s,
        seconds_to_journal=row.seconds_to_journal,
    )
