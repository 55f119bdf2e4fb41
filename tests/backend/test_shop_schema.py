"""A database of the first release opens, keeps what it held, and is brought up to date or left as it was."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from agent.plumbing.errors import ConfigurationError
from order_backend.notices import Owner
from order_backend.schema import SCHEMA_VERSION
from order_backend.shop import Shop

FIRST_RELEASE = """
CREATE TABLE devices (
    device_id   TEXT PRIMARY KEY,
    signing_jwk TEXT NOT NULL,
    state       TEXT NOT NULL CHECK (state IN ('active', 'revoked')),
    admitted_at INTEGER NOT NULL
) STRICT;

CREATE TABLE certificates (
    serial    TEXT PRIMARY KEY,
    device_id TEXT NOT NULL REFERENCES devices (device_id),
    revoked   INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE answers (
    device_id TEXT NOT NULL,
    intent_id TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    receipt   BLOB NOT NULL,
    at        INTEGER NOT NULL,
    PRIMARY KEY (device_id, intent_id)
) STRICT;

CREATE TABLE orders (
    number          INTEGER PRIMARY KEY,
    order_id        TEXT NOT NULL UNIQUE,
    device_id       TEXT NOT NULL,
    intent_id       TEXT NOT NULL,
    person          TEXT NOT NULL,
    lines           TEXT NOT NULL,
    total_minor     INTEGER NOT NULL,
    currency        TEXT NOT NULL,
    delivery_date   TEXT NOT NULL,
    placed_at       INTEGER NOT NULL,
    open_checkout   TEXT NOT NULL,
    open_payment    TEXT NOT NULL,
    closed_checkout TEXT NOT NULL,
    closed_payment  TEXT NOT NULL,
    FOREIGN KEY (device_id, intent_id) REFERENCES answers (device_id, intent_id),
    UNIQUE (device_id, intent_id)
) STRICT;
"""
JWK = f'{{"crv":"P-256","kty":"EC","x":"{"x" * 43}","y":"{"y" * 43}","kid":"k"}}'


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """Made by the first release's own SQL, in its way, with one order in it."""
    path = tmp_path / "shop.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(f"BEGIN; {FIRST_RELEASE} PRAGMA user_version = 1; COMMIT;")
    database.execute("INSERT INTO devices VALUES ('kitchen-1', ?, 'active', 1795000000)", (JWK,))
    database.execute("INSERT INTO certificates VALUES ('1234567890', 'kitchen-1', 1)")
    database.execute("INSERT INTO answers VALUES ('kitchen-1', 'i-1', 'aa', x'01', 1795000001)")
    values = ("E-OLD", "kitchen-1", "i-1", "p-1", "[]", 3800, "PLN", "2026-11-20", 1795000001, *"abcd")
    database.execute(f"INSERT INTO orders VALUES (NULL, {', '.join('?' * len(values))})", values)
    database.close()
    return path


def version(path: Path) -> int:
    database = sqlite3.connect(path)
    found: int = database.execute("PRAGMA user_version").fetchone()[0]
    database.close()
    return found


def test_a_database_of_the_first_release_keeps_everything_and_can_tell_an_owner(old: Path) -> None:
    with Shop.open(old) as shop:
        device, answer, [order] = shop.device("kitchen-1"), shop.answer("kitchen-1", "i-1"), shop.orders()
        assert device is not None and device.active and device.signing_jwk.x == "x" * 43
        assert answer is not None and (answer.sha256, answer.receipt) == ("aa", b"\x01")
        assert (order.order_id, order.total_minor, order.closed_payment) == ("E-OLD", 3800, "d")
        assert shop.revoked_serials() == [1234567890]
        assert shop.notices.due(2_000_000_000) == [], "orders of before are not told"
        shop.notices.set_owner(Owner("kitchen-1", "anna@example.org", "pl"), now_s=1795000002)
    with Shop.open(old) as shop:
        assert shop.notices.owners() == [Owner("kitchen-1", "anna@example.org", "pl")]
    assert version(old) == SCHEMA_VERSION == 19


def test_a_migrated_database_has_the_tables_of_a_new_one(old: Path, tmp_path: Path) -> None:
    def tables(path: Path) -> list[tuple[str, str]]:
        Shop.open(path).close()
        database = sqlite3.connect(path)
        found = database.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        database.close()
        return found

    assert tables(old) == tables(tmp_path / "new.db")


def test_processes_that_start_at_once_on_an_old_database_migrate_it_once(old: Path) -> None:
    opens = "import sys; from pathlib import Path; from order_backend.shop import Shop"
    script = f"{opens}; Shop.open(Path(sys.argv[1])).close()"
    processes = [subprocess.Popen([sys.executable, "-c", script, str(old)]) for _ in range(6)]
    assert [process.wait() for process in processes] == [0] * 6
    assert version(old) == SCHEMA_VERSION


def test_a_migration_that_cannot_be_finished_changes_nothing(old: Path) -> None:
    database = sqlite3.connect(old)
    database.execute("CREATE TABLE notices (something_else TEXT)")
    database.close()
    with pytest.raises(ConfigurationError) as caught:
        Shop.open(old)
    assert caught.value.code == "shop_database"
    assert version(old) == 1
    database = sqlite3.connect(old)
    assert not database.execute("SELECT name FROM sqlite_schema WHERE name = 'owners'").fetchall()
    database.close()


def test_a_database_of_a_later_release_is_left_alone(old: Path) -> None:
    database = sqlite3.connect(old)
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    database.close()
    with pytest.raises(ConfigurationError) as caught:
        Shop.open(old)
    assert caught.value.code == "shop_database"
    assert version(old) == SCHEMA_VERSION + 1
