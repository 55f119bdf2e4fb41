"""What both conversations, spoken and typed, stand on: catalogue, people, limits, and the one way to
commit."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from agent.committing.cancelling import BY_VOICE, Factor
from agent.committing.journal import Journal
from agent.committing.journal_mend import MENDED
from agent.committing.journal_people import Left
from agent.committing.journal_rows import OrderRow
from agent.committing.road import OrderRoad
from agent.deciding.basket import AgreedOrder, Basket, Line, counts_of, parts_of
from agent.deciding.conversation import Commit, Event, Record
from agent.deciding.edition import Edition
from agent.deciding.offered import OfferOver
from agent.deciding.packed_catalogue import PackedCatalogue
from agent.deciding.placed import Committed, NotCommitted
from agent.deciding.proposals import is_quiet
from agent.deciding.replies import Hears
from agent.deciding.rules import Person as Ruled
from agent.deciding.sentence_parser import SentenceParser
from agent.deciding.spoken_basket import joined, spoken_basket, spoken_line
from agent.plumbing import audit
from agent.plumbing.errors import EarmarkError, JournalError
from agent.plumbing.settings import Policy, Settings
from agent.till.coming import Coming
from agent.till.erasing import Erasure
from agent.till.factors import Factors
from agent.till.feedback import FeedbackKept
from agent.till.house import HouseRules
from agent.till.news import News
from agent.till.past import local
from agent.till.people import People, Person
from agent.till.phones import Phones
from agent.till.shifts import Shifts

DAY_SECONDS = 24 * 3600


@dataclass
class Conversation:
    """Groups the journal's rows of one exchange, from the wake word to its end."""

    id: str

    @staticmethod
    def new() -> Conversation:
        return Conversation(str(uuid.uuid4()))


class Desk:
    """Shared services of the till; owns no conversation."""

    def __init__(
        self,
        settings: Settings,
        edition: Edition,
        journal: Journal,
        road: OrderRoad,
        people: People,
        factors: Factors,
        wall_clock: Callable[[], float],
        house: HouseRules | None = None,
        phones: Phones | None = None,
        feedback: FeedbackKept | None = None,
    ) -> None:
        """`house`: the rules beside the limits; None: there are none. `phones`: that may approve; None: those
        that are paired are forgotten with this. `feedback` likewise."""
        self.settings = settings
        self.house = house or HouseRules()
        self.edition = edition
        """What is ordered from now. It is replaced between two turns of the loop; baskets keep their
        version."""
        self.journal = journal
        self.road = road
        self.people = people
        self.factors = factors
        self.shifts = Shifts(people, factors, lambda: self.house.policy.shift_hours)
        self.feedback = feedback or FeedbackKept()
        self.phones = phones or Phones(None, journal)
        self.erasure = Erasure(people, (factors.forget, self.phones.erase), journal, self.phones.people)
        self.wall_clock = wall_clock
        self.coming = Coming(self.now_s, lambda: local(self.now_s()).date())
        """When an order of now would come."""
        self.online = False
        self.speaker_model = ""
        """The full name of the one in `voice`; '' until it is known."""
        self.unrecorded_decisions = 0

    @property
    def catalogue(self) -> PackedCatalogue:
        """That of the edition in use."""
        return self.edition.catalogue

    @property
    def policy(self) -> Policy:
        """The limits that hold now: in each the strictest of the settings', the house's and the shop's."""
        return self.road.policy.effective(self.house.policy.tighter(self.settings.policy))

    def parser(self, language: str) -> SentenceParser:
        """The parser of the grammar in `language`. Raises CatalogueError catalogue_language."""
        return self.edition.parser(language)

    @property
    def hears(self) -> Hears:
        """What somebody has to say to the device, in whatever language they read about it."""
        return Hears(
            self.settings.wake.phrase.replace("_", " "),
            self.settings.device.language,
            self.edition.examples,
        )

    def incomparable(self) -> list[Person]:
        """The enrolled whose voices were learned with another speaker model than the one in `voice`; nobody
        while that is not known."""
        if not self.speaker_model:
            return []
        return [
            person
            for person in self.people.all()
            if person.voiceprint is not None and person.voiceprint.model != self.speaker_model
        ]

    def forget(self, person: str, *, at_once: bool = False) -> Left | None:
        """Forgets `person`; what stays of their orders, or None for nobody. Raises JournalError as
        `Erasure.forget`."""
        left = self.erasure.forget(person, now_s=self.now_s(), at_once=at_once)
        if left is not None:
            self.record(Record("forgotten"), Conversation.new(), "")
        return left

    def now_s(self) -> int:
        """Trusted seconds where there are any; else the system's, which sign nothing and only label journal
        rows."""
        return self.road.now_s() if self.road.clock_trusted() else int(self.wall_clock())

    def known_as(self, person: str) -> Ruled:
        """Whom the rules of the house take `person` for."""
        known = self.people.get(person)
        return self.house.person(known.name, known.profile.role) if known else self.house.person("")

    def has_pin(self, person: str) -> bool:
        """Whether `person`, who may order, has a PIN and there is a keypad for it."""
        known = self.people.get(person)
        may = known is not None and known.admitted and bool(self.settings.touch.keypad_device)
        return may and "pin" in self.factors.kinds_of(person)

    def has_phone(self, person: str) -> bool:
        """Whether `person`, who may order, has one that can answer: by the broker, or by a code on the
        keypad."""
        known = self.people.get(person)
        reached = self.online or bool(self.settings.touch.keypad_device)
        return reached and known is not None and known.admitted and self.phones.has(person)

    def commit(self, agreed: Commit, conversation: Conversation, speech_ended_ns: int) -> tuple[Event, str]:
        """Signs and journals; the event for the dialogue and the intent id ('' where nothing was written)."""
        if agreed.said != agreed.basket.digest:
            return NotCommitted("not_read_back"), ""
        # Exactly what was read back, in the device's own language, in which a late receipt is announced too.
        own = self.settings.device.language
        title = spoken_basket(self.in_language(agreed.basket, own), own)
        person = agreed.speaker.person
        if self.people.was_forgotten(person):
            return NotCommitted("cannot_commit"), ""
        order = AgreedOrder(
            *(agreed.basket, person, agreed.factors, conversation.id, title, speech_ended_ns),
            agreed.offer,
            self._judged_by(agreed.basket),
            agreed.by_another,
        )
        try:
            signed = self.road.commit(order)
        except EarmarkError as error:
            return OfferOver() if error.code == "offer_over" else NotCommitted(error.code), ""
        return Committed(self.online), str(signed.intent_id)

    def _judged_by(self, basket: Basket) -> str:
        """Of the details of the basket's catalogue, where that is in use."""
        current = basket.catalogue_version == self.edition.version
        return self.house.judged_by(self.edition.source) if current else ""

    def in_words(self, counts: Iterable[tuple[str, int]]) -> str:
        """Skus and their quantities as they are read out in the device's language; '' where there are none,
        or the catalogue in use does not know one."""
        language = self.settings.device.language
        try:
            lines = self._lines(counts, language)
        except KeyError:
            return ""
        return joined([spoken_line(line, language) for line in lines], language) if lines else ""

    def basket_of(self, key: str, language: str) -> Basket | None:
        """That of a `basket_key`, at the prices of the catalogue in use; None where not all of it is sold any
        more, or has words in `language`."""
        try:
            lines = self._lines(counts_of(key).items(), language)
        except (KeyError, ValueError):
            return None
        return Basket(tuple(lines), self.catalogue.version)

    def _lines(self, counts: Iterable[tuple[str, int]], language: str) -> list[Line]:
        return [self.catalogue.line(*parts_of(sku), quantity, language) for sku, quantity in counts]

    def cancel(self, name: str, factors: tuple[Factor, ...]) -> tuple[Literal["cancelled", "asked"], str]:
        """Takes back the order with that intent id or shop's number, for whoever was verified by `factors`;
        what became of it, and its title. Raises EarmarkError: order_unknown, cancel_by_voice (it was
        confirmed by more than the voice that takes it back), and what `OrderRoad.cancel` raises."""
        row = self.journal.order(self.journal.order_meant(name) or "")
        if row is None:
            raise EarmarkError("order_unknown", f"the journal has no order {name}", "earmark orders --json")
        if factors == BY_VOICE and self.is_beyond_a_voice(row):
            by = row.factors or "a second person"
            raise EarmarkError("cancel_by_voice", f"it was confirmed by {by}", f"earmark cancel {name}")
        return self.road.cancel(row.intent_id, factors=factors), row.title

    def is_beyond_a_voice(self, row: OrderRow) -> bool:
        """Whether more than a voice confirmed that order: a factor of whoever ordered, or somebody else."""
        return bool(row.factors) or row.by_another or self.journal.approved_by_another(row.conversation)

    def record(self, effect: Record, conversation: Conversation, language: str) -> None:
        """Keeps a decision in the journal. A journal that cannot be written must not stop a refusal from
        being said."""
        basket = effect.basket and self.in_language(effect.basket, language)
        title = spoken_basket(basket, language) if basket else effect.title
        person = "" if self.people.was_forgotten(effect.person) else effect.person
        try:
            self.journal.record_decision(
                conversation=conversation.id,
                code=effect.code,
                title=title,
                person=person,
                at_s=self.now_s(),
            )
        except EarmarkError:
            self.unrecorded_decisions += 1

    def told(self, news: News) -> None:
        """It was said aloud. What cannot be noted is told again after the next start."""
        try:
            if news.is_of_a_cancel:
                self.journal.told_cancel(news.intent_id, now_s=self.now_s())
            elif news.intent_id:
                self.journal.told(news.intent_id, now_s=self.now_s())
            else:
                self.journal.meta_set(MENDED, "0")
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)

    def is_quiet(self) -> bool:
        """Whether it is one of the hours in which nothing is said unasked."""
        return is_quiet(local(self.now_s()).strftime("%H:%M"), self.settings.proposals)

    def in_language(self, basket: Basket, language: str) -> Basket:
        """The same basket at the same price, with its titles in `language` where the catalogue has words in
        it."""
        lines = tuple(self.catalogue.titled(line, language) for line in basket.lines)
        return Basket(lines, basket.catalogue_version)
