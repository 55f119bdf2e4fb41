"""What may come of each question beside an order, in words and as values: what `state_tables.py` tries of
`agent.deciding.beside`."""

from __future__ import annotations

from typing import NamedTuple

from agent.deciding import beside, really
from agent.deciding.about_me import MOST_TRIES, Forgetting, Owned, Remembering
from agent.deciding.about_me_words import FORGET_CONSENTS, REMEMBER_CONSENTS
from agent.deciding.conversation import Silent
from agent.deciding.enrolment import MOST_FAILURES, Enrolling, Heard, Sentence
from agent.deciding.enrolment_words import ENROLMENT_PHRASES
from agent.deciding.heard_questions import CONFIRMATIONS
from agent.deciding.really import Really
from agent.deciding.understanding import Answer, PhraseRead
from agent.deciding.verification import Reason, Verdict, Voice, Voiceprint
from agent.plumbing.settings import Speaker
from agent.plumbing.speaker_models import GE2E

LIMITS = Speaker()
_ANNA, _BERT, _OF_NOBODY = (1.0, *(0.0,) * 7), (0.0, 1.0, *(0.0,) * 6), ()
_LONG_MS = 4_000


class Asked(NamedTuple):
    """A question in words, its state, and what may happen then."""

    what: str
    state: Really | Owned | Enrolling
    cases: tuple[tuple[str, beside.Reply | Silent | Sentence], ...]


def _reply(
    words: str, *, person: str = "anna", reason: Reason = "", same: bool = True, open_words: str = ""
) -> beside.Reply:
    return beside.Reply(words, open_words or words, Verdict(person, reason), same, "en")


def _voice(embedding: tuple[float, ...], snr_db: float = 30.0, speech_ms: int = _LONG_MS) -> Voice:
    return Voice(embedding, speech_ms, snr_db, GE2E)


def _sentence(heard: Heard, known: tuple[Voiceprint, ...] = ()) -> Sentence:
    return Sentence(heard, LIMITS, known)


def _read(voice: Voice) -> Heard:
    return Heard(PhraseRead(0), voice, None, ENROLMENT_PHRASES["en"][0])


def _questions() -> tuple[Asked, ...]:
    cancel, person = CONFIRMATIONS["en"]["cancel"][0], CONFIRMATIONS["en"]["person"][0]
    delete, remember = FORGET_CONSENTS["en"][0], REMEMBER_CONSENTS["en"][0]
    unclear = (
        ("nothing that answers", _reply("", open_words="what was that again")),
        ("silence", Silent()),
    )
    forgetting, silence = Forgetting("anna"), ("silence", Silent())
    once_more, last = Really("cancel", "anna", really.MOST_TRIES), Forgetting("anna", MOST_TRIES)
    consenting = Enrolling("Anna", "en", GE2E)
    reading = Enrolling("Anna", "en", GE2E, _ANNA)
    ending = Enrolling("Anna", "en", GE2E, _ANNA, (_ANNA,) * (LIMITS.enrolment_sentences - 1))
    failing = Enrolling("Anna", "en", GE2E, _ANNA, failures=MOST_FAILURES - 1)
    denial = ("a denial, from anybody", _sentence(Heard(Answer("denial"), _voice(_BERT))))
    phrase = ENROLMENT_PHRASES["en"].index(ending.phrase)
    last_one = Heard(PhraseRead(phrase), _voice(_ANNA), None, ending.phrase)
    return (
        Asked(
            "is an order really to be taken back?",
            Really("cancel", "anna"),
            (
                ("the sentence, from the voice that asked", _reply(cancel)),
                ("the sentence, in another voice", _reply(cancel, same=False)),
                ("the sentence, too short to know the voice", _reply(cancel, person="", reason="too_short")),
                ("a denial, from anybody", _reply("no", person="")),
                *unclear,
            ),
        ),
        Asked("the same, asked once more", once_more, unclear),
        Asked(
            "is the shop really to be told of somebody who wants a person?",
            Really("person"),
            (("yes, from anybody", _reply(person, person="")), ("a denial, from anybody", _reply("no"))),
        ),
        Asked(
            "is somebody really to be forgotten?",
            forgetting,
            (
                ("the sentence, from the voice that asked", _reply(delete)),
                ("the sentence, in another voice", _reply(delete, person="bert", same=False)),
                ("a denial, from anybody", _reply("no", person="")),
                *unclear,
            ),
        ),
        Asked("the same, asked once more", last, (silence,)),
        Asked(
            "may what somebody orders be looked at, to suggest something?",
            Remembering("anna"),
            (
                ("the sentence, from the voice that asked", _reply(remember)),
                ("the sentence, in another voice", _reply(remember, person="bert", same=False)),
                ("a denial, from anybody", _reply("no", person="")),
                *unclear,
            ),
        ),
        Asked("the same, asked once more", Remembering("anna", MOST_TRIES), (silence,)),
        Asked(
            "may a voice be learned?",
            consenting,
            (
                ("a sentence of consent", _sentence(Heard(Answer("consent"), _voice(_ANNA)))),
                ("a bare yes", _sentence(Heard(Answer("bare"), _voice(_ANNA)))),
                denial,
                ("silence", _sentence(Heard(None))),
            ),
        ),
        Asked(
            "a sentence is to be read",
            reading,
            (
                ("it is read", _sentence(_read(_voice(_ANNA)))),
                ("it is read by somebody else", _sentence(_read(_voice(_BERT)))),
                ("it is read where it is too loud", _sentence(_read(_voice(_ANNA, 0.0)))),
                ("something else is said", _sentence(Heard(None, _voice(_ANNA), None, "hello there"))),
                denial,
            ),
        ),
        Asked(
            "the last one is to be read",
            ending,
            (
                ("it is read", _sentence(last_one)),
                (
                    "it is read, in a voice that is known already",
                    _sentence(last_one, (Voiceprint(GE2E, _ANNA),)),
                ),
            ),
        ),
        Asked("the third time that one cannot be used", failing, (("silence", _sentence(Heard(None))),)),
    )


QUESTIONS = _questions()
