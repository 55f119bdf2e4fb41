"""One connection of the operator socket: it looks and configures, and can place no order."""

from __future__ import annotations

from collections.abc import Callable

from agent.committing.journal import OrderRow
from agent.plumbing import audit, operator
from agent.plumbing.errors import EarmarkError, IpcError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.messages import Message
from agent.till.desk import Desk
from agent.till.typed import TypedDialogue

MOST_ROWS = 100


class OperatorSession:
    """Answers one operator. `chat` is its typed conversation, once there is one."""

    def __init__(
        self,
        desk: Desk,
        connection: IpcConnection,
        health: Callable[[], operator.Health],
        begin_enrolment: Callable[[OperatorSession, str], bool],
    ) -> None:
        self._desk, self._connection = desk, connection
        self._health, self._begin_enrolment = health, begin_enrolment
        self._chat_language = ""
        self.chat: TypedDialogue | None = None

    def asked(self, request: Message) -> None:
        """One request; every failure becomes a `Problem`."""
        try:
            self._answer_to(request)
        except EarmarkError as error:
            self.answer(operator.Problem(error.code, error.detail, error.next_step))

    def answer(self, message: Message) -> None:
        """To the operator, who may have gone or may not read."""
        try:
            self._connection.send(message)
        except (EOFError, IpcError):
            audit.log("operator_gone")

    def _answer_to(self, request: Message) -> None:
        match request:
            case operator.ShowOrders(limit=limit):
                limit = max(1, min(limit, MOST_ROWS))
                orders = [_order_row(row) for row in self._desk.journal.orders(limit)]
                decisions = [
                    operator.DecisionRow(row.at_s, row.conversation, row.code, row.title, row.person)
                    for row in self._desk.journal.decisions(limit)
                ]
                self.answer(operator.OrdersShown(orders, decisions))
            case operator.ChatLine(language=language, text=text):
                if self.chat is None or language != self._chat_language:
                    self._chat_language = language
                    self.chat = TypedDialogue(
                        self._desk, language, lambda reply: self.answer(operator.ChatReply(reply))
                    )
                self.chat.typed(text)
            case operator.Enrol(name=name):
                if not self._begin_enrolment(self, name):
                    raise EarmarkError(
                        "enrol_busy",
                        "the device cannot listen now",
                        "see `earmark doctor`, then run it again",
                    )
            case operator.ShowPeople():
                rows = [
                    operator.PersonRow(person.pseudonym, person.name, person.enrolled_at)
                    for person in self._desk.people.all()
                ]
                self.answer(operator.PeopleShown(rows))
            case operator.Forget(person=person):
                self.answer(operator.Forgotten(self._desk.people.forget(person)))
            case operator.AskHealth():
                self.answer(self._health())


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
