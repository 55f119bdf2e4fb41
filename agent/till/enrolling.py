"""Learning a voice: the questions that the device asks aloud, and the person who is known afterwards."""

from __future__ import annotations

from collections.abc import Callable

from agent.deciding import enrolment
from agent.deciding.conversation import Record, Say
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.till.desk import Conversation, Desk
from agent.till.profiles import Consent, Profile, Session

OnStep = Callable[[str, bool, bool], None]
"""Called with what was said, whether that is the end, and whether a voice was learned."""


class VoiceEnrolment:
    """One at a time. What is said goes through `say(what, name, phrase)`, which gives the sentence."""

    def __init__(
        self,
        desk: Desk,
        say: Callable[[Say, str, str], str],
        wants_voices: Callable[[bool, bool], None],
        on_step: OnStep,
    ) -> None:
        """`wants_voices` is told whether embeddings are needed, and whether those in noise are."""
        self._desk, self._say = desk, say
        self._wants_voices, self._on_step = wants_voices, on_step
        self._now: enrolment.Enrolling | None = None
        self._conversation = Conversation.new()
        self._asked = ""
        self._consent: Consent | None = None

    @property
    def under_way(self) -> bool:
        """Whether somebody is being enrolled."""
        return self._now is not None

    def begin(self, name: str) -> None:
        """Asks `name` for consent aloud."""
        self._conversation = Conversation.new()
        language, model = self._desk.settings.device.language, self._desk.speaker_model
        self._now, say, _ = enrolment.begin(name, language, model)
        self._wants_voices(True, True)
        self._asked, self._consent = self._say(say, name, ""), None

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
        known = self._desk.people.all_voiceprints().values()
        self._now, say, learned = enrolment.advance(before, heard, self._desk.settings.speaker, known)
        if before.agreed is None and self._now is not None and self._now.agreed is not None:
            self._consent = Consent(self._asked, heard.words, self._desk.now_s(), before.language)
        kept = learned is not None and self._keep(learned)
        if learned and not kept:
            say = Say("enrol_failed")
        if self._now is None:
            self._wants_voices(len(self._desk.people) > 0, False)
        text = self._say(say, before.name, self._now.phrase if self._now else "")
        self._on_step(text, self._now is None, kept)

    def _keep(self, learned: enrolment.Learned) -> bool:
        now_s, language = self._desk.now_s(), self._desk.settings.device.language
        session = Session(now_s, language, self._desk.settings.speaker.enrolment_sentences)
        profile = Profile(self._consent, sessions=(session,))
        try:
            person = self._desk.people.add(learned.name, learned.voiceprint, now_s=now_s, profile=profile)
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return False
        self._desk.record(Record("enrolled", person=person.pseudonym), self._conversation, language)
        return True
