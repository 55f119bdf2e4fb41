"""The tables of the shop's database as the code reads and writes them; `schema` makes them."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Table, Text

METADATA = MetaData()

devices = Table(
    "devices",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("signing_jwk", Text),
    Column("state", Text),
    Column("admitted_at", BigInteger),
    Column("authorities", BigInteger),
)
certificates = Table(
    "certificates",
    METADATA,
    Column("serial", Text, primary_key=True),
    Column("device_id", Text),
    Column("revoked", Integer),
    Column("authority", Text),
    Column("until_s", BigInteger),
    Column("seen_s", BigInteger),
)
device_keys = Table(
    "device_keys",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("kid", Text, primary_key=True),
    Column("jwk", Text),
    Column("from_s", BigInteger),
    Column("replaced_s", BigInteger),
    Column("until_s", BigInteger),
)
next_keys = Table(
    "next_keys",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("jwk", Text),
    Column("from_s", BigInteger),
)
answers = Table(
    "answers",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("intent_id", Text, primary_key=True),
    Column("sha256", Text),
    Column("receipt", LargeBinary),
    Column("at", BigInteger),
)
orders = Table(
    "orders",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("order_id", Text),
    Column("device_id", Text),
    Column("intent_id", Text),
    Column("person", Text),
    Column("lines", Text),
    Column("total_minor", BigInteger),
    Column("currency", Text),
    Column("delivery_date", Text),
    Column("placed_at", BigInteger),
    Column("open_checkout", Text),
    Column("open_payment", Text),
    Column("closed_checkout", Text),
    Column("closed_payment", Text),
    Column("account_id", Text),
)
order_ends = Table(
    "order_ends",
    METADATA,
    Column("order_id", Text, primary_key=True),
    Column("what", Text),
    Column("at", BigInteger),
)
owners = Table(
    "owners",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("email", Text),
    Column("language", Text),
)
notices = Table(
    "notices",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("order_id", Text),
    Column("device_id", Text),
    Column("amr", Text),
    Column("state", Text),
    Column("attempts", BigInteger),
    Column("due_at", BigInteger),
    Column("reason", Text),
    Column("about", Text),
)
clock = Table(
    "clock",
    METADATA,
    Column("only_row", Integer, primary_key=True),
    Column("floor_s", BigInteger),
    Column("teller", Text),
    Column("teller_until_s", BigInteger),
)
stock = Table(
    "stock",
    METADATA,
    Column("sku", Text, primary_key=True),
    Column("quantity", BigInteger),
)
accounts = Table(
    "accounts",
    METADATA,
    Column("account_id", Text, primary_key=True),
    Column("credit_minor", BigInteger),
    Column("owed_minor", BigInteger),
)
account_devices = Table(
    "account_devices",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("account_id", Text),
)
restores = Table(
    "restores",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("lost_from_s", BigInteger),
    Column("until_s", BigInteger),
    Column("closed_at_s", BigInteger),
    Column("named_version", BigInteger),
)
approvals = Table(
    "approvals",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("device_id", Text),
    Column("event", LargeBinary),
    Column("at_s", BigInteger),
)
approval_requests = Table(
    "approval_requests",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("ask_id", Text, primary_key=True),
    Column("person", Text),
    Column("asked", Text),
    Column("at_s", BigInteger),
    Column("until_s", BigInteger),
    Column("withdrawn", Integer),
)
key_notices = Table(
    "key_notices",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("device_id", Text),
    Column("kid", Text),
    Column("about", Text),
    Column("at", BigInteger),
    Column("state", Text),
    Column("attempts", BigInteger),
    Column("due_at", BigInteger),
    Column("reason", Text),
)
policies = Table(
    "policies",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("version", BigInteger),
    Column("limits", Text),
    Column("event", LargeBinary),
)
catalogues = Table(
    "catalogues",
    METADATA,
    Column("version", BigInteger, primary_key=True),
    Column("sha256", Text),
    Column("source", LargeBinary),
    Column("manifest", LargeBinary),
    Column("published_at", BigInteger),
    Column("superseded_at", BigInteger),
    Column("withdrawn", Integer),
)
catalogue_parts = Table(
    "catalogue_parts",
    METADATA,
    Column("sha256", Text, primary_key=True),
    Column("payload", LargeBinary),
    Column("dropped_at", BigInteger),
)
claims = Table(
    "claims",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("device_id", Text),
    Column("anchor", Text),
    Column("mac", Text),
    Column("password_hash", Text),
    Column("expires_s", BigInteger),
    Column("failures", BigInteger),
    Column("used_by", Text),
    Column("old_key_stolen", BigInteger),
)
promotions = Table(
    "promotions",
    METADATA,
    Column("number", BigInteger, primary_key=True),
    Column("product", Text),
    Column("words", Text),
    Column("until", Text),
)
delivery = Table(
    "delivery",
    METADATA,
    Column("only_row", Integer, primary_key=True),
    Column("business_days", BigInteger),
    Column("cut_off", BigInteger),
)
requests = Table(
    "requests",
    METADATA,
    Column("reference", Text, primary_key=True),
    Column("device_id", Text),
    Column("ask_id", Text),
    Column("kind", Text),
    Column("person", Text),
    Column("order_id", Text),
    Column("about", Text),
    Column("sha256", Text),
    Column("told", Text),
    Column("at", BigInteger),
    Column("state", Text),
)
doubts = Table(
    "doubts",
    METADATA,
    Column("device_id", Text, primary_key=True),
    Column("intent_id", Text, primary_key=True),
    Column("payload", LargeBinary),
    Column("first_at_s", BigInteger),
    Column("state", Text),
)
