"""What operators are told about who is on shift."""

from __future__ import annotations

from agent.plumbing.operator_shift import EndShift, ShiftRequest, ShiftShown
from agent.till.desk import Desk


def shift_shown(desk: Desk, request: ShiftRequest) -> ShiftShown:
    """Who is on, or was until now."""
    shifts = desk.shifts
    shift, name = shifts.on, shifts.name
    if isinstance(request, EndShift):
        shifts.end()
        shifts.when_ended()
    if shift is None:
        return ShiftShown(shifts.used)
    since_s = desk.now_s() - round(desk.factors.boot_s() - shift.began_s)
    until_s = since_s + round(shift.ends_s - shift.began_s)
    return ShiftShown(shifts.used, shift.person, name, since_s, until_s)
