"""The tables of the shop's database, and how a database of an earlier release gets to them.

Only ever added to: what a release once wrote stays as it was, and each later version is a step of its
own. PostgreSQL came with the third.
"""

from __future__ import annotations

from collections.abc import Iterator

from order_backend.approval_schema import (
    APPROVAL_REQUESTS,
    APPROVALS,
    POSTGRESQL_APPROVAL_REQUESTS,
    POSTGRESQL_APPROVALS,
    WITHDRAWN,
)
from order_backend.ask_schema import ASKS, POSTGRESQL_ASKS
from order_backend.authority_schema import AUTHORITIES, POSTGRESQL_AUTHORITIES
from order_backend.catalogue_schema import CATALOGUES, POSTGRESQL_CATALOGUES
from order_backend.claim_schema import CLAIMS, POSTGRESQL_CLAIMS
from order_backend.database import Database
from order_backend.device_key_schema import DEVICE_KEYS, POSTGRESQL_DEVICE_KEYS
from order_backend.key_notice_schema import KEY_NOTICES, POSTGRESQL_KEY_NOTICES
from order_backend.next_key_schema import NEXT_KEYS, POSTGRESQL_NEXT_KEYS
from order_backend.order_schema import (
    ACCOUNTS,
    CANCELLING,
    CLOCK,
    NOTICES,
    ORDERS,
    ORDERS_OF_DEVICES,
    POSTGRESQL,
    POSTGRESQL_ACCOUNTS,
    POSTGRESQL_CANCELLING,
)
from order_backend.policy_schema import POLICIES, POSTGRESQL_POLICIES
from order_backend.request_schema import POSTGRESQL_REQUESTS, REQUESTS
from order_backend.restore_schema import (
    POSTGRESQL_RESTORED_VERSIONS,
    POSTGRESQL_RESTORES,
    RESTORED_VERSIONS,
    RESTORES,
)
from order_backend.retention_schema import POSTGRESQL_RETENTION, RETENTION

_STEPS = {
    "sqlite": (
        ORDERS,
        NOTICES,
        CLOCK,
        ACCOUNTS,
        RESTORES,
        CATALOGUES,
        CANCELLING,
        CLAIMS,
        RETENTION,
        POLICIES,
        DEVICE_KEYS,
        RESTORED_VERSIONS,
        AUTHORITIES,
        ASKS,
        APPROVALS,
        NEXT_KEYS,
        REQUESTS,
        APPROVAL_REQUESTS + KEY_NOTICES,
        ORDERS_OF_DEVICES + WITHDRAWN,
    ),
    "postgresql": (
        *("", "", POSTGRESQL, POSTGRESQL_ACCOUNTS, POSTGRESQL_RESTORES),
        *(
            POSTGRESQL_CATALOGUES,
            POSTGRESQL_CANCELLING,
            POSTGRESQL_CLAIMS,
            POSTGRESQL_RETENTION,
            POSTGRESQL_POLICIES,
            POSTGRESQL_DEVICE_KEYS,
            POSTGRESQL_RESTORED_VERSIONS,
            POSTGRESQL_AUTHORITIES,
            POSTGRESQL_ASKS,
            POSTGRESQL_APPROVALS,
            POSTGRESQL_NEXT_KEYS,
            POSTGRESQL_REQUESTS,
            POSTGRESQL_APPROVAL_REQUESTS + POSTGRESQL_KEY_NOTICES,
            ORDERS_OF_DEVICES + WITHDRAWN,
        ),
    ),
}
SCHEMA_VERSION = len(_STEPS["sqlite"])


def bring_up_to_date(database: Database) -> int:
    """Makes the tables that are missing, all or none; the schema version that the database has then.

    One of a later release is left as it is. Raises DatabaseError.
    """
    found = _version(database)
    if found >= SCHEMA_VERSION:
        return found
    with database.transaction("schema"):
        # Asked again: another process may have been quicker, and this one has waited for it.
        for statement in _missing(database):
            database.run(statement)
    return _version(database)


def _missing(database: Database) -> Iterator[str]:
    if database.dialect == "postgresql":
        # Asking the catalogue alone may be answered from before the wait for the lock.
        database.run("CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)")
        version = int(database.run("SELECT coalesce(max(version), 0) FROM schema_version").scalar_one())
    else:
        version = _version(database)
    for number, step in enumerate(_STEPS[database.dialect][version:], start=version + 1):
        # One by one: SQLite's executescript would commit before it begins.
        yield from (statement for statement in step.split(";") if statement.strip())
        if database.dialect == "postgresql":
            yield "DELETE FROM schema_version"
            yield f"INSERT INTO schema_version VALUES ({number})"  # noqa: S608
        else:
            yield f"PRAGMA user_version = {number}"


def _version(database: Database) -> int:
    if database.dialect == "sqlite":
        return int(database.run("PRAGMA user_version").scalar_one())
    if database.run("SELECT to_regclass('schema_version')").scalar_one() is None:
        return 0
    return int(database.run("SELECT version FROM schema_version").scalar_one())
