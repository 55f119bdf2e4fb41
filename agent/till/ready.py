"""What somebody has, and the device can take from them now."""

from __future__ import annotations

from agent.deciding.verification import TYPED, Verdict, typed_by
from agent.deciding.ways import Ready
from agent.till.desk import Desk


def ready_of(desk: Desk, person: str) -> Ready:
    """Of `person`; for somebody who is not known ('') what anybody has by whom the device could know them: a
    badge that begins a shift, and a PIN or phone that confirms what is typed in their name."""
    touch, people = desk.settings.touch, desk.people
    known = people.get(person) if person else None
    some = [known] if known else [] if person else people.all()
    may = [one.pseudonym for one in some if one.admitted]
    kinds = {kind for one in may for kind in desk.factors.kinds_of(one)}
    badge = "badge" in kinds and bool(touch.badge_device)
    typed = any(desk.has_pin(one) for one in may)
    phone = any(desk.phones.has(one) for one in may)
    locked = bool(kinds or phone) and desk.factors.locked(now_s=desk.now_s())
    if known is None:
        by_phone = any(desk.has_phone(one) for one in may)
        return Ready(badge and desk.shifts.used, typed=typed or by_phone, locked=locked, shop=desk.online)
    on = desk.shifts.on
    return Ready(
        # Of who is not on it would begin a shift, and take back what is open.
        badge=badge and (not desk.shifts.used or (on is not None and on.person == person)),
        pin=typed,
        phone_afar=phone and desk.online,
        phone_here=phone and bool(touch.keypad_device),
        typed=typed,
        locked=locked,
        shop=desk.online,
    )


def typist(desk: Desk, person: str) -> Verdict:
    """Who is said to type, where a PIN or phone of theirs can show it; else nobody, and a voice may take over
    what is typed."""
    return typed_by(person) if desk.has_pin(person) or desk.has_phone(person) else TYPED
