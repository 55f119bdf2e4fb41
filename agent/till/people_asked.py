"""What operators ask about the people of a device, and what they are answered."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from agent.deciding.conversation import Record
from agent.plumbing import operator
from agent.plumbing.errors import EarmarkError
from agent.till.desk import Conversation, Desk
from agent.till.people import Person
from agent.till.profiles import Consent

_PIECE_CHARACTERS = 12_000
"""Of an export in one frame, which holds 64 KiB; a character has at most four bytes."""


def answers(
    desk: Desk, request: operator.PeopleRequest, people_changed: Callable[[], None]
) -> Iterator[operator.PeopleShown | operator.PersonExported | operator.Forgotten]:
    """`people_changed` is called where voices came or went. Raises EarmarkError: person_unknown, and what
    `People` raises."""
    match request:
        case operator.ShowPeople():
            yield operator.PeopleShown([_row(desk, person) for person in desk.people.all()])
        case operator.AddPerson(name=name):
            added = desk.people.add(name, None, now_s=desk.now_s())
            _record(desk, "person_added", added)
            yield _shown(desk, added)
        case operator.AdmitPerson(person=pseudonym, name=name):
            admitted = desk.people.admit(_known(desk, pseudonym).pseudonym, name or "")
            _record(desk, "admitted", admitted)
            yield _shown(desk, admitted)
        case operator.SetRole(person=pseudonym, role=role):
            profile = msgspec.structs.replace(_known(desk, pseudonym).profile, role=role)
            desk.people.keep_profile(pseudonym, profile)
            _record(desk, "role_set", _known(desk, pseudonym))
            yield _shown(desk, _known(desk, pseudonym))
        case operator.SetRemembers(person=pseudonym, remembers=remembers):
            profile = msgspec.structs.replace(
                _known(desk, pseudonym).profile, remembers=remembers, remembering=None
            )
            desk.people.keep_profile(pseudonym, profile)
            yield _shown(desk, _known(desk, pseudonym))
        case operator.ExportPerson(person=pseudonym, templates=templates):
            yield from _pieces(everything_about(desk, _known(desk, pseudonym), templates=templates))
        case operator.Forget(person=pseudonym, at_once=at_once):
            known = desk.people.get(pseudonym)
            try:
                left = desk.forget(pseudonym, at_once=at_once)
            finally:
                people_changed()
            if left is None:
                yield operator.Forgotten(found=False)
            else:
                yield operator.Forgotten(True, *left, in_policy=known is not None and _in_policy(desk, known))


def everything_about(desk: Desk, person: Person, *, templates: bool = False) -> dict[str, Any]:
    """All that the device knows of `person`, for reading (GDPR Art. 15); a voiceprint is described, and with
    `templates` its numbers are there too (Art. 20)."""
    profile, voice = person.profile, person.voiceprint
    about_voice: dict[str, Any] | None = None
    if voice is not None:
        about_voice = {
            "model": voice.model,
            "numbers": len(voice.clean),
            "in_noise_too": voice.in_noise is not None,
            "sessions": [
                {"at": _at(session.at_s), "language": session.language, "sentences": session.sentences}
                for session in profile.sessions
            ],
        }
        if templates:
            about_voice |= {"clean": voice.clean, "in_noise": voice.in_noise}
    rules, reminder = desk.house.policy.person(person.name), desk.journal.reminder()
    return {
        "person": person.pseudonym,
        "name": person.name,
        "since": _at(person.enrolled_at),
        "may_order": person.admitted,
        "voice": about_voice,
        "consent": _agreed(profile.consent),
        "factors": desk.factors.kinds_of(person.pseudonym),
        "phone": desk.phones.has(person.pseudonym),
        "role": profile.role,
        "policy": {
            "roles": sorted(rules.roles),
            "cost_centres": sorted(rules.cost_centres),
            "trained": sorted(rules.trained),
        },
        "history_may_be_used": profile.remembers,
        "consent_to_that": _agreed(profile.remembering),
        "orders": [
            {
                **{name: value for name, value in row.items() if not name.endswith("_s")},
                "at": _at(row["queued_at_s"]),
                "ended": _at(row["settled_at_s"]),
            }
            for row in desk.journal.orders_of(person.pseudonym)
        ],
        "list": [
            {"what": entry.title, "sku": entry.sku, "quantity": entry.quantity}
            for entry in desk.journal.list_of(person.pseudonym)
        ],
        "reminder_of_the_list": _at(reminder.due_at_s)
        if reminder is not None and reminder.person == person.pseudonym
        else None,
        "decisions": [
            {"at": _at(row["at_s"]), "what": row["code"], "about": row["title"]}
            for row in desk.journal.decisions_of(person.pseudonym)
        ],
        "elsewhere": "The shop has the orders under this pseudonym, and no name or voice.",
    }


def _known(desk: Desk, pseudonym: str) -> Person:
    person = desk.people.get(pseudonym)
    if person is None:
        raise EarmarkError("person_unknown", f"nobody is known as {pseudonym}", "earmark people list")
    return person


def _in_policy(desk: Desk, person: Person) -> bool:
    return person.name.casefold() in (name.casefold() for name in desk.house.policy.people)


def _record(desk: Desk, code: str, person: Person) -> None:
    desk.record(Record(code, person=person.pseudonym), Conversation.new(), "")


def _shown(desk: Desk, person: Person) -> operator.PeopleShown:
    return operator.PeopleShown([_row(desk, person)])


def _agreed(consent: Consent | None) -> dict[str, Any] | None:
    if consent is None:
        return None
    return {
        "asked": consent.asked,
        "answered": consent.answered,
        "at": _at(consent.at_s),
        "language": consent.language,
    }


def _row(desk: Desk, person: Person) -> operator.PersonRow:
    voice = person.voiceprint
    return operator.PersonRow(
        person.pseudonym,
        person.name,
        person.enrolled_at,
        desk.factors.kinds_of(person.pseudonym),
        voice.model if voice is not None and person in desk.incomparable() else "",
        voice is not None,
        person.admitted,
        person.profile.role,
        person.profile.remembers,
    )


def _pieces(known: dict[str, Any]) -> Iterator[operator.PersonExported]:
    text = msgspec.json.format(msgspec.json.encode(known), indent=2).decode()
    for start in range(0, len(text), _PIECE_CHARACTERS):
        end = start + _PIECE_CHARACTERS
        yield operator.PersonExported(text[start:end], end >= len(text))


def _at(seconds: int | None) -> str | None:
    if seconds is None:
        return None
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
