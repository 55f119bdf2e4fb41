"""What may be asked beside an order, as a table like the dialogue's: (state, event) -> what comes of it. No
I/O, no clock.

One of these at a time. A voice is learned and a person forgotten only while no order is talked about; whether
something is really meant is also asked while a basket waits for its answer, which is asked for anew after it.
What is not in the table changes nothing; another order, or what is said after the wake word, drops a question
here, and then nothing is done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, overload

from agent.deciding import about_me, enrolment, really
from agent.deciding.about_me import Forgetting, Owned, Remembering
from agent.deciding.conversation import Silent
from agent.deciding.enrolment import Enrolling, Sentence
from agent.deciding.really import Really
from agent.deciding.verification import Verdict


@dataclass(frozen=True)
class Reply:
    """What was answered: `words`, one of the phrases that are listened for in `language`, or '', and
    `open_words`, the free decode. `speaker` is who answered, `same_speaker` whether in the voice that
    asked."""

    words: str
    open_words: str
    speaker: Verdict
    same_speaker: bool
    language: str


def _really(state: Really, event: Reply) -> Really | really.Settled:
    return really.answered(
        *(state, event.words, event.open_words, event.speaker),
        same_speaker=event.same_speaker,
        language=event.language,
    )


def _owned(state: Owned, event: Reply) -> about_me.Outcome:
    return about_me.answered(
        *(state, event.words, event.open_words, event.speaker),
        same_speaker=event.same_speaker,
        language=event.language,
    )


TABLE: dict[tuple[type, type], Callable[[Any, Any], Any]] = {
    (Really, Reply): _really,
    (Really, Silent): lambda state, _: really.unanswered(state),
    (Forgetting, Reply): _owned,
    (Forgetting, Silent): lambda state, _: about_me.silent(state),
    (Remembering, Reply): _owned,
    (Remembering, Silent): lambda state, _: about_me.silent(state),
    (Enrolling, Sentence): lambda state, event: enrolment.advance(state, *event),
}


@overload
def step(state: Really, event: Reply | Silent) -> Really | really.Settled: ...
@overload
def step(state: Owned, event: Reply | Silent) -> about_me.Outcome: ...
@overload
def step(state: Enrolling, event: Sentence) -> enrolment.EnrolmentOutcome: ...


def step(
    state: Really | Owned | Enrolling, event: Reply | Silent | Sentence
) -> Really | really.Settled | about_me.Outcome | enrolment.EnrolmentOutcome:
    """What `event` comes to: as of `really`, `about_me` and `enrolment`."""
    return TABLE[type(state), type(event)](state, event)  # type: ignore[no-any-return]
