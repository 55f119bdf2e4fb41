"""What somebody is told aloud about themselves, and how their own voice has them forgotten, or lets what they
ordered be looked at."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from agent.deciding import about_me, beside
from agent.deciding.about_me_words import NEWCOMERS, Kind
from agent.deciding.choice import CHOICE
from agent.deciding.conversation import Say, Silent
from agent.deciding.verification import NOBODY, Voiceprint, consenter, same_speaker, verify
from agent.plumbing import audit
from agent.plumbing.errors import JournalError
from agent.plumbing.messages import Utterance
from agent.till.desk import Desk
from agent.till.enrolling import VoiceEnrolment
from agent.till.heard import aside_phrases
from agent.till.people import Person
from agent.till.profiles import Consent
from agent.till.whose_voice import voice_of

MOST_NEWCOMERS = 5
"""Voices that nobody has admitted yet. One more has to wait: whoever passes by must not fill the device."""


class AboutMe:
    """One question at a time. What is said goes through `say(what, name, phrases)`, which gives the
    sentence."""

    def __init__(
        self,
        desk: Desk,
        say: Callable[[Say, str, tuple[str, ...]], str],
        enrolment: VoiceEnrolment,
        wants_voices: Callable[[bool, bool], None],
    ) -> None:
        """`wants_voices` is told whether embeddings are needed, and whether those in noise are."""
        self._desk, self._say, self._enrolment, self._wants_voices = desk, say, enrolment, wants_voices
        self._now: about_me.Owned | None = None
        self._voice = NOBODY  # of whoever asked for it
        self._asked = ""  # what was asked, in words

    @property
    def under_way(self) -> bool:
        """Whether somebody is being asked whether they really want it."""
        return self._now is not None

    def asked(self, kind: Kind, utterance: Utterance) -> None:
        """One of the things that somebody may want to be done or to know, after the wake word."""
        people, limits = self._desk.people, self._desk.settings.speaker
        verdict = verify(
            voice_of(utterance, self._desk),
            shortest_ms=limits.shortest_consent_ms,
            people=people.all_voiceprints(),
            accept_cosine=limits.thresholds.accept_cosine,
            limits=limits,
        )
        person = people.get(verdict.person)
        if kind == "enrol":
            self._enrol(person)
        elif person is not None and kind == "remember" and person.profile.remembers:
            self._say(Say("remember_already"), person.name, ())
        elif person is not None and kind in ("forget", "remember"):
            self._voice = voice_of(utterance, self._desk)
            of = about_me.Forgetting if kind == "forget" else about_me.Remembering
            self._go_on(about_me.begin(of(person.pseudonym)), person.name)
        elif person is not None:
            self._tell(person)
        else:
            nobody = verdict.reason in ("unknown_voice", "nobody_enrolled")
            self._say(Say("me_unknown" if nobody else "me_unclear"), "", ())

    def heard(self, utterance: Utterance, words: str) -> None:
        """The answer to whether to forget; `words` are those of the grammar, where they count."""
        if self._now is None:
            return
        answer, limits = voice_of(utterance, self._desk), self._desk.settings.speaker
        person = self._desk.people.get(self._now.person)
        reply = beside.Reply(
            words,
            utterance.open_words,
            consenter(self._voice, answer, self._voiceprints(), limits),
            same_speaker(self._voice, answer, limits),
            self._desk.settings.device.language,
        )
        self._go_on(beside.step(self._now, reply), person.name if person else "", words)

    def silent(self) -> None:
        """Nobody answered."""
        if self._now is not None:
            person = self._desk.people.get(self._now.person)
            self._go_on(beside.step(self._now, Silent()), person.name if person else "")

    def drop(self) -> None:
        """The question is over, and nothing is forgotten."""
        self._now, self._voice = None, NOBODY

    def _voiceprints(self) -> Mapping[str, Voiceprint]:
        return self._desk.people.all_voiceprints()

    def _enrol(self, person: Person | None) -> None:
        people = self._desk.people
        if self._desk.incomparable():
            self._say(Say("refused_voice_model_changed"), "", ())
        elif person is not None:
            self._enrolment.begin_more(person)
        elif len(people.voiceprints(admitted=False)) >= MOST_NEWCOMERS:
            self._say(Say("enrol_full"), "", ())
        else:
            taken = {other.name for other in people.all()}
            names = (
                NEWCOMERS[self._desk.settings.device.language].format(number=number)
                for number in range(1, MOST_NEWCOMERS + 1 + len(taken))
            )
            self._enrolment.begin(next(name for name in names if name not in taken), newcomer=True)

    def _tell(self, person: Person) -> None:
        has = self._desk.factors.has(person.pseudonym)
        key = "me_known_factor" if has else "me_known"
        orders = len(self._desk.journal.orders_of(person.pseudonym))
        self._say(Say(key if person.admitted else "me_newcomer", limit=orders), person.name, ())

    def _go_on(self, outcome: about_me.Outcome, name: str, answer: str = "") -> None:
        before = self._now
        self._now, say, done = outcome
        if done and isinstance(before, about_me.Forgetting):
            say = Say(self._forget(before.person))
        elif done and before is not None:
            say = Say(self._remember(before.person, answer))
        language, listened = self._desk.settings.device.language, tuple[str, ...]()
        if self._now is None:
            self.drop()
        elif say.listen == CHOICE:
            listened = (*about_me.owned_answers(self._now, language), *aside_phrases(language))
        asked = self._say(say, name, listened)
        self._asked = asked if say.key == "remember_ask" else self._asked

    def _remember(self, person: str, answer: str) -> str:
        """The key of what is said of it."""
        known, desk = self._desk.people.get(person), self._desk
        if known is None:  # forgotten meanwhile
            return "remember_not"
        consent = Consent(self._asked, answer, desk.now_s(), desk.settings.device.language)
        profile = msgspec.structs.replace(known.profile, remembers=True, remembering=consent)
        try:
            desk.people.keep_profile(person, profile)
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return "remember_failed"
        return "remember_done"

    def _forget(self, person: str) -> str:
        """The key of what is said of it."""
        try:
            left = self._desk.forget(person)
        except JournalError as error:
            audit.log(error.code, detail=error.detail, next_step=error.next_step)
            return "forgotten" if self._desk.people.get(person) is None else "forget_failed"
        finally:
            self._wants_voices(len(self._desk.people) > 0, False)
        return "forgotten_later" if left else "forgotten"
