"""The schema's step that brought tickets, returns and quotes, for each database; `schema` takes it."""

from __future__ import annotations

REQUESTS = """
CREATE TABLE requests (
    reference TEXT PRIMARY KEY,
    device_id TEXT NOT NULL,
    ask_id    TEXT NOT NULL,
    kind      TEXT NOT NULL CHECK (kind IN ('ticket', 'return', 'quote')),
    person    TEXT NOT NULL,
    order_id  TEXT NOT NULL,
    about     TEXT NOT NULL,
    sha256    TEXT NOT NULL,
    told      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    state     TEXT NOT NULL CHECK (state IN ('open', 'closed')),
    UNIQUE (device_id, ask_id)
) STRICT;

CREATE INDEX requests_order ON requests (order_id) WHERE kind = 'return'
"""

POSTGRESQL_REQUESTS = REQUESTS.replace("STRICT;", ";").replace("INTEGER", "BIGINT")
