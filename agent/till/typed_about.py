"""What whoever types is told of what the device knows about them: what can be told in writing, and else the
next step. Nothing is learned or destroyed by typed words."""

from __future__ import annotations

from agent.deciding.about_me_words import ABOUT_ME, Kind
from agent.deciding.replies_typed_about import TYPED_ABOUT
from agent.deciding.spoken_basket import joined
from agent.till.desk import Desk
from agent.till.people import Person


def typed_about(desk: Desk, kind: Kind, pseudonym: str, language: str) -> str:
    """The answer to `pseudonym`, who is said to type, '' for nobody; '' in a language without words for it.
    What is told of somebody anybody at the operator socket may have (`earmark people export`)."""
    words = TYPED_ABOUT.get(language)
    said = ABOUT_ME[desk.hears.language].get(kind, ())
    if words is None or not said:
        return ""
    person = desk.people.get(pseudonym)
    name = person.name if person is not None else words["somebody"]
    shown = {"name": name, "said": f"{desk.hears.wake}, {said[-1]}"}
    if person is None:
        key = {"enrol": "enrol", "known": "known_of_whom", "forget": "forget_whom"}.get(kind, kind)
        return words[key].format(**shown)
    if kind == "known":
        to_forget = ABOUT_ME[desk.hears.language]["forget"][0]
        shown["said"] = f"{desk.hears.wake}, {to_forget}"
        shown["parts"] = joined(_kept(desk, person, language), language)
    return words[kind].format(**shown)


def _kept(desk: Desk, person: Person, language: str) -> list[str]:
    words, profile = TYPED_ABOUT[language], person.profile
    if person.voiceprint is None:
        parts = [words["no_voice"]]
    else:
        parts = [words["voice" if profile.consent is not None else "voice_alone"]]
    parts += [words[kind] for kind in desk.factors.kinds_of(person.pseudonym)]
    parts += [words["phone"]] if desk.phones.has(person.pseudonym) else []
    parts += [words["role"].format(role=profile.role)] if profile.role else []
    parts += [words["remembers"]] if profile.remembers else []
    orders = len(desk.journal.orders_of(person.pseudonym))
    return [*parts, words["orders"].format(count=orders)] if orders else parts
