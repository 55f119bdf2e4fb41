"""A real shop and a real device in a temporary folder, and clocks that a test sets."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from joserfc.jwk import ECKey
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from agent.committing import jws
from agent.committing.envelope import QUERY, QueryData, encode_event
from agent.committing.journal import Journal
from agent.committing.keys import FileKeyStore, create_device_keys, store_client_certificate
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.live_trust import LiveTrust
from agent.committing.road import OrderRoad
from agent.committing.statements import QUERY_LIFETIME_S, QueryClaims
from agent.committing.trust import Trust, TrustBundle, load_trust
from agent.committing.trusted_time import ClockReading, TrustedTime
from agent.deciding.basket import AgreedOrder, Basket
from agent.deciding.catalogue import parse_catalogue
from agent.plumbing.messages import Publish
from agent.plumbing.settings import Broker, Device, Orders, Paths, Settings
from order_backend import certificates, tables
from order_backend.database import Database
from order_backend.desk import OrderDesk
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from order_backend.shop import Shop

CATALOGUE_FILE = Path(__file__).parents[2] / "order_backend" / "catalogues" / "corner_shop.json"
CATALOGUE = parse_catalogue(CATALOGUE_FILE.read_bytes())
NOW_S = 1_795_000_000  # 2026-11-18
DEVICE = "device-1"


def found_shop(path: Path, **options: object) -> ShopFolder:
    """With keys that no other shop has."""
    return create_shop(
        path,
        shop_name="Corner Shop",
        environment="test",
        catalogue=CATALOGUE_FILE,
        now=datetime.now(UTC),
        **options,  # type: ignore[arg-type]
    )


def join(folder: ShopFolder, keys_dir: Path, device_id: str = DEVICE) -> TrustBundle:
    """Makes the device's keys and has the shop admit it; trust.json stands in keys_dir too."""
    requests = create_device_keys(keys_dir, device_id)
    admission = admit(folder, device_id, requests, now=datetime.now(UTC))
    store_client_certificate(keys_dir, admission.certificate_pem)
    (keys_dir / "trust.json").write_bytes(admission.trust.to_bytes())
    return admission.trust


@cache
def _founded() -> Path:
    """A shop and a device that it has admitted, made once in a process: to copy them takes far less."""
    root = Path(tempfile.mkdtemp(prefix="earmark-founded-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    join(found_shop(root / "shop"), root / "keys")
    return root


def joined_shop(root: Path, *, database: str = "") -> ShopFolder:
    """A shop that has admitted the device whose keys are in `root`/keys. Every one has the same keys, and
    nothing else in common; `found_shop` and `join` where they are to differ."""
    for name in ("shop", "keys"):
        shutil.copytree(_founded() / name, root / name, dirs_exist_ok=True)
    folder = ShopFolder(root / "shop")
    if database:
        _move(folder, database)
    return folder


def _move(folder: ShopFolder, database: str) -> None:
    """What an admission has written, into another database."""
    config = json.loads(folder.config_file.read_bytes())
    file = folder.path / "shop.db"
    with closing(Database(file)) as old, Shop.open(database) as shop:
        for table in (tables.devices, tables.certificates):
            for rows in old.rows(table):
                shop.database.add_rows(table, rows)
    file.unlink()
    folder.config_file.write_text(json.dumps(config | {"database": database}))


def agreed(
    quantity: int = 2, product: str = "coffee", person: str = "person-1", **chosen: str
) -> AgreedOrder:
    line = CATALOGUE.line(product, chosen or {"roast": "dark"}, quantity, "en")
    return AgreedOrder(Basket((line,), CATALOGUE.version), person, ("voice",), str(uuid.uuid4()))


class Clocks:
    """The machine's clocks as a value. The wall clock is not believed unless `synchronised`."""

    def __init__(self, *, synchronised: bool = False) -> None:
        self.boot_s = 1_000.0
        self.wall_s = float(NOW_S)
        self.synchronised = synchronised
        self.boot_id = "boot-1"

    def pass_by(self, seconds: float) -> None:
        self.boot_s += seconds
        self.wall_s += seconds

    def read(self) -> ClockReading:
        return ClockReading(self.boot_s, self.wall_s, self.synchronised, self.boot_id)

    def monotonic_ns(self) -> int:
        return int(self.boot_s * 1e9)


@dataclass
class Bench:
    """One device's road and the shop's desk, joined by the test's own hands instead of a network."""

    folder: ShopFolder
    desk: OrderDesk
    trust: TrustBundle
    live: LiveTrust
    keys: FileKeyStore
    settings: Settings
    clocks: Clocks
    journal: Journal
    time: TrustedTime
    road: OrderRoad

    def restart_device(self) -> None:
        """A new process on the same journal."""
        path = Path(self.settings.paths.state_dir) / "journal.db"
        self.journal.close()
        self.journal = Journal(path)
        self.live = LiveTrust(self.trust, Path(self.settings.paths.state_dir) / ROTATIONS)
        self.time = TrustedTime(self.live, self.journal, self.clocks.read)
        self.road = make_road(self.journal, self.keys, self.live, self.time, self.settings, self.clocks)

    def shop_time(self) -> bytes:
        return self.desk.time(now_s=int(self.clocks.wall_s))

    def trust_time(self) -> None:
        self.time.accept_event(self.shop_time())


def make_road(
    journal: Journal,
    keys: FileKeyStore,
    trust: Trust,
    time: TrustedTime,
    settings: Settings,
    clocks: Clocks,
) -> OrderRoad:
    return OrderRoad(
        *(journal, keys, trust, time, settings),
        monotonic_ns=clocks.monotonic_ns,
        jitter=lambda: 0.0,
        key_folder=Path(settings.paths.state_dir) / "till",
    )


def make_settings(
    root: Path, port: int = 8883, *, device_id: str = DEVICE, host: str = "localhost"
) -> Settings:
    return Settings(
        device=Device(id=device_id, environment="test"),
        paths=Paths(
            state_dir=str(root / "state"),
            keys_dir=str(root / "keys"),
            trust_file=str(root / "keys" / "trust.json"),
        ),
        broker=Broker(
            host=host,
            port=port,
            keepalive_seconds=5,
            reconnect_min_seconds=0.1,
            reconnect_max_seconds=1.0,
            reconnect_spread_seconds=0.1,
        ),
        orders=Orders(resend_min_seconds=1.0, resend_max_seconds=8.0),
    )


def make_bench(root: Path, *, database: str = "") -> Bench:
    """Of a `joined_shop`."""
    joined_shop(root, database=database)
    (root / "state").mkdir()
    return open_bench(root)


def open_bench(root: Path) -> Bench:
    """The shop and the device that stand in `root`."""
    folder = ShopFolder(root / "shop")
    settings = make_settings(root)
    trust = load_trust(root / "keys" / "trust.json")
    live = LiveTrust(trust, root / "state" / ROTATIONS)
    keys = FileKeyStore.load(root / "keys")
    clocks = Clocks()
    journal = Journal(root / "state" / "journal.db")
    time = TrustedTime(live, journal, clocks.read)
    road = make_road(journal, keys, live, time, settings, clocks)
    return Bench(folder, OrderDesk(folder), trust, live, keys, settings, clocks, journal, time, road)


def shared_data(*parts: str) -> Path:
    """A folder of the development data, or a skip with a word about where it was looked for."""
    root = Path(os.environ.get("EARMARK_SHARED", Path(__file__).parents[3] / "shared" / "data"))
    path = root.joinpath(*parts)
    if not path.exists():
        pytest.skip(f"no development data at {path}; set EARMARK_SHARED to its folder")
    return path


def question(
    bench: Bench, intent_id: str, now_s: int = NOW_S, *, key: ECKey | None = None, **other: object
) -> bytes:
    """ "Was that intent placed?", signed by the device, or by `key`; `other` claims than true ones."""
    id_ = uuid.uuid4()
    claims = {
        "jti": str(id_), "iss": DEVICE, "aud": bench.trust.shop_id, "env": "test", "iat": now_s,
        "exp": now_s + QUERY_LIFETIME_S, "intent": intent_id,
    } | {name: value for name, value in other.items() if name != "typ"}  # fmt: skip
    signed = jws.sign(claims, key or bench.keys._key, typ=str(other.get("typ", QueryClaims.typ)))
    return encode_event(QUERY, id_=id_, source=DEVICE, now_s=now_s, data=QueryData(intent_id, signed))


def unsigned_question(intent_id: str, device_id: str = DEVICE) -> bytes:
    """As a device of an earlier release asks, or whoever has its TLS key and no more."""
    return encode_event(QUERY, id_=uuid.uuid4(), source=device_id, now_s=NOW_S, data=QueryData(intent_id))


def request_pem(name: str = DEVICE, key: Any = None) -> bytes:
    """A certificate request for `key`, or a new one, that it signs itself."""
    key = key or certificates.new_key()
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    request = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def ap2_schemas() -> Callable[[str], Draft202012Validator]:
    """A validator by the name of one of AP2's published schemas; a skip where they are not here."""
    folder = shared_data("ap2")
    schemas = {path.name: json.loads(path.read_text()) for path in folder.glob("**/*.json")}
    base = "https://ap2-protocol.org/schemas/"
    registry = Registry().with_resources(
        (base + str(path.relative_to(folder)), Resource.from_contents(schemas[path.name]))
        for path in folder.glob("**/*.json")
    )
    return lambda name: Draft202012Validator(schemas[f"{name}.json"], registry=registry)


def answer(bench: Bench, publish: Publish) -> bytes:
    """The shop's, at the device's time."""
    return bench.desk.intent(DEVICE, publish.payload, now_s=int(bench.clocks.wall_s)).payload


def only_publish(bench: Bench) -> Publish:
    """What the road sends in its next turn, which is one message."""
    [publish] = bench.road.tick().publishes
    return publish
