"""What somebody says about how the device speaks, or about what it has just done, and not about an order:
slower, once more, another language, that was wrong. It is answered wherever it is said, and what is asked
stands."""

from __future__ import annotations

from collections.abc import Callable

from agent.deciding.conversation import Idle, Repeated, Say
from agent.deciding.manner_words import Manner, MannerAsked
from agent.deciding.offered import AwaitingOffer, OfferLate
from agent.deciding.signals import Signal
from agent.deciding.understanding import Answer, Meaning, RepeatAsked
from agent.till.aloud import Aloud
from agent.till.asks import Shop
from agent.till.desk import Desk
from agent.till.enrolling import OnStep
from agent.till.feedback import LATELY_S
from agent.till.pace import SpeechPace
from agent.till.voice_line import Send


class Mannered(Aloud):
    """`SpokenDialogue`, as far as it is about the speaking itself."""

    def __init__(
        self,
        desk: Desk,
        send: Send,
        start_timer: Callable[[int, Callable[[], None]], None],
        on_enrol_step: OnStep,
        show: Callable[[Signal], None],
        shop: Shop,
    ) -> None:
        super().__init__(desk, send, start_timer, on_enrol_step, show, shop)
        self._pace = SpeechPace(desk.journal)
        self._line.rate_percent = self._pace.percent

    @property
    def rate_percent(self) -> int:
        """How fast it speaks, of the usual speed."""
        return self._pace.percent

    def _is_about_manner(self, meaning: Meaning) -> bool:
        """Whether it is for here; then it is answered. Who is being enrolled takes a "wrong" for a no."""
        if self._enrolment.under_way and meaning == MannerAsked("wrong"):
            return False
        match meaning:
            case MannerAsked(kind):
                self._wished(kind)
            case RepeatAsked():
                self._once_more()
            case _:
                return False
        return True

    def _wished(self, kind: Manner) -> None:
        match kind:
            case "slower" | "faster":
                key = self._pace.change(kind)
                self._line.rate_percent = self._pace.percent
                if key != f"pace_{kind}" or self._at_rest:
                    self._besides(Say(key))
                else:
                    self._once_more()
            case "language":
                self._besides(Say("language_fixed"))
            case "wrong":
                self._about_me.drop()
                self._questions.drop()
                self._was_wrong()

    def _besides(self, say: Say) -> None:
        """Said before what is asked, if anything is, is asked once more."""
        if self._at_rest:
            self._say(say)
        else:
            self._speak(say, aside=True)
            self._once_more()

    def _once_more(self) -> None:
        """What is asked, or was said a moment ago."""
        if isinstance(self._state, AwaitingOffer):  # the offer may have come while this was said
            self._apply(OfferLate())
        elif not isinstance(self._state, Idle) and not self._questions.under_way:
            self._apply(Repeated())
        elif not self._at_rest:
            self._line.say_again()
        elif 0 <= self._desk.now_s() - self._said_at_s <= LATELY_S:
            self._say_once_more()
        else:
            self._say(Say("nothing_to_repeat"))

    def _say_once_more(self) -> None:
        """What was said a moment ago, where it was not about one person: anybody may ask for it."""
        if self._line.said_once:
            self._say(Say("said_once"))
        else:
            self._line.say_again(asking=False)


def as_enrolment_takes_it(meaning: Meaning) -> Meaning:
    """Whatever is said against it ends an enrolment."""
    return Answer("denial") if meaning == MannerAsked("wrong") else meaning
