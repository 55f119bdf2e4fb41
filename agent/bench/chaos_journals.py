"""What the devices of a chaos run have signed and said, and whether they have come to their ends."""

from __future__ import annotations

from collections import Counter

from agent.bench.chaos_account import Said, Signed
from agent.bench.chaos_files import ChaosFiles
from agent.bench.chaos_plan import End, Plan, Wished
from agent.committing.envelope import INTENT, IntentData, decode_data, decode_event
from agent.committing.journal import Journal
from agent.committing.journal_rows import OrderRow

_ALL = 10_000_000


class Awaited:
    """The devices that have something to come to its end yet."""

    def __init__(self, files: ChaosFiles, plan: Plan) -> None:
        self._files = files
        self._wishes = Counter(wish.device for wish in plan.wishes)
        self._cancels: dict[str, list[End]] = {name: [] for name in plan.devices}
        for cancel in plan.cancels:
            self._cancels[cancel.device].append(cancel)

    def have_ended(self) -> bool:
        """Whether every wish has, and everything that was to be taken back."""
        for name in list(self._wishes):
            with Journal(self._files.journal(name)) as journal:
                if not self._has_ended(journal, name):
                    return False
            del self._wishes[name]
        return True

    def _has_ended(self, journal: Journal, name: str) -> bool:
        if journal.open_count() or journal.open_cancels():
            return False
        asked = all(_is_asked_or_over(journal, cancel) for cancel in self._cancels[name])
        return asked and len(journal.orders(_ALL)) >= self._wishes[name]


def _is_asked_or_over(journal: Journal, cancel: End) -> bool:
    row = wished_row(journal, cancel)
    if row is None:
        return False
    return row.state in ("refused", "expired") or journal.cancel(row.intent_id) is not None


def wished_row(journal: Journal, wished: Wished) -> OrderRow | None:
    """The order that somebody wants something of, under whichever id it was signed; None where it was
    not."""
    return next((row for id_ in wished.ids if (row := journal.order(id_)) is not None), None)


def signed_and_said(files: ChaosFiles, plan: Plan) -> tuple[list[Signed], list[Said]]:
    """What stands in the devices' journals, and what people were told."""
    signed: list[Signed] = []
    said: list[Said] = []
    for name in plan.devices:
        said += files.said(name)
        with Journal(files.journal(name)) as journal:
            open_cancels = {cancel.intent_id for cancel in journal.open_cancels()}
            for row in journal.orders(_ALL):
                event = decode_event(journal.signed_bytes(row.intent_id)[1], INTENT)
                data = decode_data(event, IntentData)
                signed.append(
                    Signed(
                        row,
                        data.checkout,
                        data.payment,
                        cancel_signed=journal.cancel(row.intent_id) is not None,
                        cancel_open=row.intent_id in open_cancels,
                    )
                )
    return signed, said
