"""A damaged order journal is mended when it is opened: a new file from every row that is sound.

Sound is an order whose signed bytes carry a signature of this device's, whatever else of its row is lost. One
whose bytes were altered, but whose row still says truly which order it is, is asked about. Of anything
mended "never sent" is not believed. A cancellation counts that carries the device's signature. The damaged
file is kept beside the new one.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import msgspec

from agent.committing.envelope import up_topic
from agent.committing.journal import Journal
from agent.committing.journal_mend_cancels import SalvagedCancels
from agent.committing.journal_mend_lists import SalvagedLists
from agent.committing.journal_mend_requests import SalvagedRequests
from agent.committing.journal_rows import ALLOWED, DAMAGED, OPEN, checksum
from agent.committing.journal_salvage import Record, Value, records
from agent.committing.journal_steps import take_steps
from agent.committing.jws import PublicJwk
from agent.committing.read_back import fits, signed_facts
from agent.committing.receipts import CANCELLED
from agent.deciding.basket import Factor
from agent.deciding.shopping_list import NumberedOrder
from agent.plumbing import audit, durable
from agent.plumbing.errors import JournalError

MENDED = "mended_untold"
"""In the meta table, "1" until it was said aloud that the journal was mended."""

_ORDER = (
    "number", "intent_id", "conversation", "person", "basket_key", "title", "total_minor", "currency",
    "topic", "payload", "sha256", "iat", "exp", "state", "attempts", "order_id", "reason", "delivery_date",
    "queued_at_s", "settled_at_s", "seconds_to_journal", "receipt", "charged_minor", "checksum",
    "told_at_s", "factors", "returned_until_s", "by_another",
)  # fmt: skip
_AS_FIRST_MADE = 21
"""Columns of a row that a release before the receipts wrote."""

_AS_ADDED: dict[str, Value] = {
    "receipt": None,
    "charged_minor": None,
    "checksum": "",
    "told_at_s": None,
    "factors": "",
    "by_another": 0,
}

_DECISION = (int, str, str, str, str)
_PROGRESS = ("queued", "sent", "unknown", "expired", "refused", "ordered")
_INTEGERS = (
    *("total_minor", "iat", "exp", "attempts", "queued_at_s", "settled_at_s", "charged_minor"),
    "told_at_s",
)

_OTHER_FACTORS = set(get_args(Factor)) - {"voice"}

Row = dict[str, Any]


def open_journal(path: Path, key: PublicJwk, device_id: str, earlier: Sequence[PublicJwk] = ()) -> Journal:
    """The journal at `path`, mended where it is damaged; `key` is the device's own, `earlier` are those that
    it signed with before.

    Raises JournalError as `Journal`, but journal_corrupt only where mending did not help.
    """
    _finish(path)
    try:
        journal = Journal(path)
        try:
            journal.read_through()
        except JournalError:
            journal.close()
            raise
    except JournalError as error:
        if error.code != "journal_corrupt":
            raise
        _mend(path, (key, *earlier), device_id, error.detail)
        _finish(path)
        journal = Journal(path)
    return journal


def _mend(path: Path, keys: Sequence[PublicJwk], device_id: str, found: str) -> None:
    new = path.with_name(f"{path.name}-mending")
    for file in path.parent.glob(f"{new.name}*"):
        file.unlink()
    log = path.with_name(f"{path.name}-wal")
    salvaged = _Salvaged(keys, device_id)
    try:
        for record in records(path.read_bytes(), log.read_bytes() if log.exists() else b""):
            salvaged.take(record)
        kept = _write(new, salvaged)
        durable.flush(new)
        durable.move(new, path.with_name(f"{path.name}-mended"))
    except (OSError, sqlite3.Error) as error:
        raise JournalError(
            "journal_corrupt", f"{found}; it could not be mended: {error}", "earmark doctor"
        ) from error
    audit.log(
        "journal_mended", detail=found, count=kept, next_step="look at the storage: it alters what it keeps"
    )


def _finish(path: Path) -> None:
    """Puts the mended file in the damaged one's place; at any start, should the device have died on the
    way."""
    mended = path.with_name(f"{path.name}-mended")
    if not mended.exists():
        return
    for end in ("", "-wal"):  # a log of the damaged file must not be taken for one of the new
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + end).replace(path.with_name(f"{path.name}-damaged{end}"))
    path.with_name(f"{path.name}-shm").unlink(missing_ok=True)
    durable.move(mended, path)


class _Salvaged:
    """The best of every row that turned up."""

    def __init__(self, keys: Sequence[PublicJwk], device_id: str) -> None:
        self._keys, self._device_id = keys, device_id
        self.orders: dict[str, Row] = {}
        self.meta: dict[str, str] = {}
        self.decisions: dict[int, tuple[Value, ...]] = {}
        self.cancels = SalvagedCancels(keys, device_id)
        self.requests = SalvagedRequests(keys, device_id)
        self.lists = SalvagedLists()
        self._seen: set[Record] = set()

    def take(self, record: Record) -> None:
        if record in self._seen:
            return
        self._seen.add(record)
        rowid, values = record
        if rowid is not None and len(values) >= _AS_FIRST_MADE and isinstance(values[9], bytes):
            self._order(rowid, values)
        elif rowid is not None and (self.cancels.take(values) or self.requests.take(values)):
            return
        elif rowid is not None and len(values) == 1 + len(_DECISION) and _are(values[1:], _DECISION):
            self.decisions[rowid] = values[1:]
        elif rowid is not None and self.lists.take(rowid, values):
            return
        elif rowid is None and len(values) == 2 and _are(values, (str, str)):
            self._meta(str(values[0]), str(values[1]))

    def _meta(self, key: str, value: str) -> None:
        with contextlib.suppress(msgspec.DecodeError):
            msgspec.json.decode(value)  # as everything in it
            self.meta[key] = value

    def _order(self, rowid: int, values: tuple[Value, ...]) -> None:
        row: Row = dict(zip(_ORDER, values, strict=False)) | {"number": rowid}
        row = _AS_ADDED | row
        sound = self._sound(row)
        if sound is None:
            return
        before = self.orders.get(sound["intent_id"])
        if before is None or _rank(sound) > _rank(before):
            self.orders[sound["intent_id"]] = sound

    def _sound(self, row: Row) -> Row | None:
        for name in _INTEGERS:
            row[name] = row[name] if isinstance(row[name], int) else None
        if row["state"] not in ALLOWED:
            row["state"] = "sent"  # at least that cannot be excluded
        is_open = row["state"] in OPEN
        row["whole"] = True
        facts = signed_facts(row["payload"], *self._keys) if is_open else None
        if facts is not None and facts.device_id == self._device_id:
            row |= msgspec.structs.asdict(facts)
            row |= {"total_minor": facts.total.minor, "currency": facts.total.currency}
            row["topic"] = up_topic(self._device_id, "intent")
        elif row["checksum"] and row["checksum"] == checksum(row):
            row["whole"] = not is_open or self._fits(row)
        elif not self._fits(row):
            return None
        return _filled(row) if _is_uuid(row["intent_id"]) else None

    def _fits(self, row: Row) -> bool:
        id_, sha256 = str(row["intent_id"]), str(row["sha256"])
        topic = up_topic(self._device_id, "intent")
        return fits(row["payload"], topic, intent_id=id_, sha256=sha256, device_id=self._device_id)


def _filled(row: Row) -> Row:
    for name in ("conversation", "title", "order_id", "reason", "delivery_date"):
        row[name] = row[name] if isinstance(row[name], str) else ""
    row["title"] = row["title"] or row["basket_key"]
    row["attempts"] = max(row["attempts"] or 0, 1)
    row["queued_at_s"] = row["queued_at_s"] or row["iat"]
    if not isinstance(row["seconds_to_journal"], float | None):
        row["seconds_to_journal"] = None
    if not isinstance(row["receipt"], bytes | None):
        row["receipt"] = None
    if not set(str(row["factors"]).split(",")) <= _OTHER_FACTORS:
        row["factors"] = ""
    row["returned_until_s"], row["by_another"] = 0, int(row["by_another"] != 0)
    row["checksum"] = checksum(row)
    if row["state"] in OPEN:
        row |= {"settled_at_s": None, "order_id": "", "reason": ""}
        if not row["whole"]:
            row |= {"state": "unknown", "reason": DAMAGED}
    else:
        row["settled_at_s"] = row["settled_at_s"] or row["queued_at_s"]
    return row


def _rank(row: Row) -> tuple[bool, bool, int, int]:
    """An end counts more than its way there; of open rows, one with its bytes whole."""
    settled = row["state"] not in OPEN
    taken_back = row["reason"] == CANCELLED
    return settled or row["whole"], taken_back, _PROGRESS.index(row["state"]), row["attempts"]


def _write(new: Path, salvaged: _Salvaged) -> int:
    """How many orders stand in the new file."""
    kept = 0
    new.touch(mode=0o600)
    with contextlib.closing(sqlite3.connect(new, isolation_level=None)) as db:
        take_steps(db, 0)
        db.execute("BEGIN")
        for number, row in enumerate(_in_order(salvaged), 1):
            with contextlib.suppress(sqlite3.IntegrityError):  # a value that the table does not take
                values = {name: row[name] for name in _ORDER} | {"number": number}
                places = ", ".join(f":{name}" for name in _ORDER)
                db.execute(f"INSERT INTO orders ({', '.join(_ORDER)}) VALUES ({places})", values)  # noqa: S608
                event = (row["intent_id"], "mended", row["queued_at_s"])
                db.execute(
                    "INSERT INTO events (intent_id, what, at_s, monotonic_ns) VALUES (?, ?, ?, 0)", event
                )
                kept += 1
        salvaged.cancels.write(db, salvaged.orders)
        salvaged.requests.write(db)
        asked = (row for row in salvaged.orders.values() if row["state"] not in ("refused", "expired"))
        salvaged.lists.write(db, (NumberedOrder(row["number"], row["basket_key"]) for row in asked))
        for _, values_ in sorted(salvaged.decisions.items()):
            with contextlib.suppress(sqlite3.IntegrityError):
                db.execute(
                    "INSERT INTO decisions (at_s, conversation, code, title, person) VALUES (?, ?, ?, ?, ?)",
                    values_,
                )
        meta = {key: value for key, value in salvaged.meta.items() if key != "oldest_reader"} | {MENDED: "1"}
        db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
        db.execute("COMMIT")
    return kept


def _in_order(salvaged: _Salvaged) -> Iterator[Row]:
    yield from sorted(salvaged.orders.values(), key=lambda row: row["number"])


def _are(values: tuple[Value, ...], types: tuple[type, ...]) -> bool:
    return all(isinstance(value, type_) for value, type_ in zip(values, types, strict=True))


def _is_uuid(text: object) -> bool:
    try:
        return str(UUID(str(text))) == text
    except ValueError:
        return False
