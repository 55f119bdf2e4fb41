"""How long a new catalogue takes from the shop's publishing it to the device's taking orders by it, over a
real broker, the real `uplink` and the real `till`."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from agent.bench.catalogue_swap import operator_client, play_voice, resident_mb
from agent.bench.made_catalogue import made_catalogue, made_details
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.deciding.catalogue import Catalogue
from agent.deciding.details import Place
from agent.deciding.edition import source_id
from agent.plumbing import messages, operator
from agent.plumbing.child import Program, start_child
from agent.plumbing.errors import CatalogueError
from agent.plumbing.ipc import IpcConnection
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from order_backend.published import claims_of_version, needed_parts
from order_backend.publishing import publish
from order_backend.service import OrderService
from order_backend.shop import Shop

CHANGED = 100
WITHIN_S = 30.0
"""From publishing to orderable, for up to `WITHIN_PRODUCTS`: ten times what two free cores take, so that a
small board that has other work keeps it, too."""
WITHIN_PRODUCTS = 50_000
_DEVICE = "bench"
_PATIENCE_S = 600.0
_LOOK_S = 0.02


def run_download(products: int, *, with_details: bool = False) -> dict[str, Any]:
    """{"products", "whole", "changed", "within"}: of a device that has a catalogue of one product, the time
    to `products` under version 2, and then to version 3, in which 100 of them (or all) cost more.

    Each: "publish_seconds" (the command's work: cut, signed, in the database), "fetched_seconds" (the device
    has all parts), "orderable_seconds" (compiled, taken by `voice`, in use), all from the beginning of the
    publishing; "parts" and "bytes" that the device had to fetch, the manifest included; "till_mb", what the
    till's resident memory is then, and "details", of how many products it knows more. `with_details`: the
    shop tells more of every product, and other things of those 100. `voice` is played: it takes a grammar at
    once. "within": as `is_within`. Raises CatalogueError bench_download.
    """
    with TemporaryDirectory() as name, _device(Path(name)) as device:
        first = made_catalogue(products)
        step = max(1, products // CHANGED)
        changed = {product.id for product in first.products[::step][:CHANGED]}
        whole = _publish(device, _version(first, 2, set(), with_details), set())
        held = _parts(device.shop)
        row = {"whole": whole, "changed": _publish(device, _version(first, 3, changed, with_details), held)}
    return {"products": products, **row, "within": is_within(products, row)}


class _Device(NamedTuple):
    """A shop, and a device that is connected to it: its operator socket, and its till's process."""

    shop: ShopFolder
    operator_socket: Path
    till_pid: int


class _Published(NamedTuple):
    catalogue: bytes
    details: bytes | None


def is_within(products: int, row: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether each of a row's two could be ordered within `WITHIN_S`; beyond `WITHIN_PRODUCTS` nothing is
    promised, so nothing is broken."""
    return products > WITHIN_PRODUCTS or all(one["orderable_seconds"] <= WITHIN_S for one in row.values())


def _version(first: Catalogue, number: int, changed: set[str], with_details: bool) -> _Published:
    """With another price, and another place, of those that are `changed`."""
    prices = tuple(
        msgspec.structs.replace(one, price_minor=one.price_minor + 1) if one.id in changed else one
        for one in first.products
    )
    data = msgspec.json.encode(msgspec.structs.replace(first, version=number, products=prices))
    if not with_details:
        return _Published(data, None)
    details = made_details(first, source_id(data))
    moved = {id_: msgspec.structs.replace(details.products[id_], place=Place("61")) for id_ in changed}
    told = msgspec.structs.replace(details, version=number, products=details.products | moved)
    return _Published(data, msgspec.json.encode(told))


def _parts(shop: ShopFolder) -> set[str]:
    with Shop.open(shop.database) as opened:
        return needed_parts(opened.published.all())


def _publish(device: _Device, new: _Published, held: set[str]) -> dict[str, Any]:
    begun = time.perf_counter()
    with Shop.open(device.shop.database) as opened:
        version = publish(device.shop, opened, new.catalogue, now_s=int(time.time()), details=new.details)
    published = time.perf_counter()
    fetched = 0.0
    with operator_client(device.operator_socket) as client:
        while True:
            client.send(operator.AskHealth())
            health = client.receive(operator.Health)[0].catalogue
            passed = time.perf_counter() - begun
            coming = health.next_version == version.version and health.next_stage != "fetching"
            if not fetched and (coming or health.version == version.version):
                fetched = passed
            if health.version == version.version:
                break
            if health.fault or passed > _PATIENCE_S:
                raise CatalogueError(
                    "bench_download", health.fault_detail or "it never came", "earmark doctor"
                )
            time.sleep(_LOOK_S)
    documents = claims_of_version(version).documents
    parts = {part.sha256: part for one in documents for part in one.parts if part.sha256 not in held}
    return {
        "publish_seconds": round(published - begun, 3),
        "fetched_seconds": round(fetched, 3),
        "orderable_seconds": round(passed, 3),
        "parts": len(parts),
        "bytes": sum(part.size for part in parts.values()) + len(version.manifest),
        "details": health.details,
        "till_mb": round(resident_mb(device.till_pid), 1),
    }


@contextlib.contextmanager
def _device(folder: Path) -> Iterator[_Device]:
    """A shop at work with its broker, and a device that is connected."""
    now = datetime.now(UTC)
    (folder / "catalogue.json").write_bytes(msgspec.json.encode(made_catalogue(1)))
    shop = create_shop(
        folder / "shop", shop_name="Bench", environment="test", catalogue=folder / "catalogue.json", now=now
    )
    admission = admit(shop, _DEVICE, create_device_keys(folder / "keys", _DEVICE), now=now)
    store_client_certificate(folder / "keys", admission.certificate_pem)
    (folder / "trust.json").write_bytes(admission.trust.to_bytes())
    with PrivateBroker(shop) as broker, _serving(shop, broker.port):
        settings = folder / "earmark.toml"
        settings.write_text(
            f'[device]\nid = "{_DEVICE}"\nenvironment = "test"\n[paths]\nstate_dir = "state"\n'
            'keys_dir = "keys"\ntrust_file = "trust.json"\ncatalogue_file = "catalogue.json"\n'
            f'[broker]\nhost = "localhost"\nport = {broker.port}\n'
        )
        (folder / "state" / "till").mkdir(mode=0o700, parents=True)
        with _processes(settings, folder / "operator.sock") as till_pid:
            _wait_for_broker(folder / "operator.sock")
            yield _Device(shop, folder / "operator.sock", till_pid)


@contextlib.contextmanager
def _serving(shop: ShopFolder, port: int) -> Iterator[None]:
    service = OrderService(shop, port=port)
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    try:
        yield
    finally:
        service.stop()
        thread.join()


@contextlib.contextmanager
def _processes(settings: Path, path: Path) -> Iterator[int]:
    """`till`, whose process id is given, and `uplink`, joined as the supervisor joins them, and a played
    `voice`."""
    till = start_child("till", Program("till", "agent.till"), settings, time.monotonic())
    uplink = start_child("uplink", Program("uplink", "agent.committing.uplink"), settings, time.monotonic())
    voice, voice_end = socket.socketpair()
    one, other = socket.socketpair()
    try:
        with socket.socket(socket.AF_UNIX) as listener, voice_end, one, other:
            listener.bind(str(path))
            listener.listen(8)
            till.control.send(messages.OperatorListener(), (listener.fileno(),))
            till.control.send(messages.Peer("voice"), (voice_end.fileno(),))
            till.control.send(messages.Peer("uplink"), (one.fileno(),))
            uplink.control.send(messages.Peer("till"), (other.fileno(),))
        threading.Thread(target=play_voice, args=(IpcConnection(voice, peer="till"),), daemon=True).start()
        yield till.process.pid
    finally:
        for child in (till, uplink):
            child.process.kill()
            child.end(_PATIENCE_S)
        voice.close()


def _wait_for_broker(path: Path) -> None:
    begun = time.monotonic()
    with operator_client(path) as client:
        while time.monotonic() - begun < _PATIENCE_S:
            client.send(operator.AskHealth())
            if client.receive(operator.Health)[0].broker:
                return
            time.sleep(_LOOK_S)
    raise CatalogueError("bench_download", "the device does not reach its broker", "earmark doctor")
