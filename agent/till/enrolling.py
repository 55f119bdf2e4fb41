"""Learning a voice: the questions that the device asks aloud, and the person who is known afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import msgspec

from agent.deciding import beside, enrolment
from agent.deciding.conversation import Record, Say
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.desk import Conversation, Desk
from agent.till.people import Person
from agent.till.profiles import Consent, Profile, Session

OnStep = Callable[[str, bool, bool], None]
"""Called with what was said, whether that is the end, and whether a voice was learned."""

_BY_ITSELF = frozenset({"enrol_consent", "enrol_done", "enrol_failed"})
"""Said otherwise where no operator began it."""


class VoiceEnrolment:
    """One at a time: somebody whom an operator enrols, a newcomer who asked for it, or a known person who
    adds to what was learned. What is said goes through `say(what, name, phrase)`, which gives the sentence.
    """

    def __init__(
        self,
        desk: Desk,
        say: Callable[[Say, str, str], str],
        wants_voices: Callable[[bool, bool], None],
        on_step: OnStep,
        on_newcomer: Callable[[str], None],
    ) -> None:
        """`wants_voices` is told whether embeddings are needed, and whether those in noise are; `on_newcomer`
        the pseudonym of somebody whose voice was learned and who is not admitted yet."""
        self._desk, self._say = desk, say
        self._wants_voices, self._on_step, self._on_newcomer = wants_voices, on_step, on_newcomer
        self._now: enrolment.Enrolling | None = None
        self._conversation = Conversation.new()
        self._asked = ""
        self._consent: Consent | None = None
        self._newcomer, self._known = False, ""
        self._learned = ""

    @property
    def under_way(self) -> bool:
        """Whether somebody is being enrolled."""
        return self._now is not None

    def begin(self, name: str, *, newcomer: bool = False) -> None:
        """Asks `name` for consent aloud. A `newcomer` may order nothing until somebody admits them."""
        self._begin(name, newcomer, "")

    def begin_more(self, person: Person) -> None:
        """Asks a known person for consent to learn more of the voice."""
        self._begin(person.name, False, person.pseudonym)

    def _begin(self, name: str, newcomer: bool, known: str) -> None:
        self._conversation = Conversation.new()
        self._newcomer, self._known = newcomer, known
        language, model = self._desk.settings.device.language, self._desk.speaker_model
        self._now, say, _ = enrolment.begin(name, language, model)
        self._wants_voices(True, True)
        self._asked, self._consent = self._say(self._worded(say), name, ""), None

    def abandon(self) -> None:
        """The ear is gone: nothing was learned."""
        if self._now:
            self._now = None
            self._on_step("", True, False)

    def heard(self, heard: enrolment.Heard) -> None:
        """What came in answer to the last question."""
        before = self._now
        if before is None:
            return
        people = self._desk.people.all_voiceprints()
        others = [voiceprint for person, voiceprint in people.items() if person != self._known]
        sentence = enrolment.Sentence(heard, self._desk.settings.speaker, others)
        self._now, say, learned = beside.step(before, sentence)
        if before.agreed is None and self._now is not None and self._now.agreed is not None:
            self._consent = Consent(self._asked, heard.words, self._desk.now_s(), before.language)
        kept = False
        if learned is not None:
            say = self._add_to(learned) if self._known else self._keep(learned, say)
            kept = say.key == "enrol_done"
        if self._now is None:
            self._wants_voices(len(self._desk.people) > 0, False)
        text = self._say(self._worded(say), before.name, self._now.phrase if self._now else "")
        self._on_step(text, self._now is None, kept)
        if kept and self._newcomer:
            self._on_newcomer(self._learned)

    def _worded(self, say: Say) -> Say:
        """As it is said to whoever is being enrolled."""
        if say.key not in _BY_ITSELF or not (self._newcomer or self._known):
            return say
        key = f"{say.key}_{'newcomer' if self._newcomer else 'more'}"
        if key == "enrol_done_newcomer" and self._somebody_could_admit:
            pressed = "_pressed" if self._desk.shifts.used else ""
            key = f"enrol_done_newcomer_factor{pressed}"
        return replace(say, key=key)

    @property
    def _somebody_could_admit(self) -> bool:
        """Whether there is a keypad or reader, and somebody with a PIN or badge."""
        people, factors = self._desk.people.all(), self._desk.factors
        has = any(person.admitted and factors.has(person.pseudonym) for person in people)
        touch = self._desk.settings.touch
        return has and (touch.can_press if self._desk.shifts.used else bool(touch.devices))

    def _keep(self, learned: enrolment.Learned, done: Say) -> Say:
        profile = Profile(self._consent, sessions=(self._session(),))
        now_s, admitted = self._desk.now_s(), not self._newcomer
        try:
            person = self._desk.people.add(
                learned.name, learned.voiceprint, now_s=now_s, profile=profile, admitted=admitted
            )
        except JournalError as error:
            return _failed(error)
        self._learned = person.pseudonym
        self._record("enrolled" if admitted else "enrolled_newcomer", person.pseudonym)
        return done

    def _add_to(self, learned: enrolment.Learned) -> Say:
        """Another sitting of a known person, who may have been forgotten meanwhile."""
        person, limits = self._desk.people.get(self._known), self._desk.settings.speaker
        if person is None or person.voiceprint is None:
            return Say("enrol_failed")
        before, session = person.profile.sessions, self._session()
        sentences = sum(one.sentences for one in before) or limits.enrolment_sentences
        grown = enrolment.grown(person.voiceprint, sentences, learned.voiceprint, session.sentences, limits)
        if grown is None:
            return Say("enrol_not_near")
        profile = msgspec.structs.replace(
            person.profile, consent=person.profile.consent or self._consent, sessions=(*before, session)
        )
        try:
            self._desk.people.relearn(person.pseudonym, grown, profile)
        except JournalError as error:
            return _failed(error)
        self._record("voice_added", person.pseudonym)
        return Say("enrol_done")

    def _session(self) -> Session:
        settings = self._desk.settings
        return Session(self._desk.now_s(), settings.device.language, settings.speaker.enrolment_sentences)

    def _record(self, code: str, person: str) -> None:
        language = self._desk.settings.device.language
        self._desk.record(Record(code, person=person), self._conversation, language)


def _failed(error: JournalError) -> Say:
    audit.log(error.code, detail=error.detail, next_step=error.next_step)
    return Say("enrol_failed")
