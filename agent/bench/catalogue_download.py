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
from typing import Any

import msgspec

from agent.bench.catalogue_swap import operator_client, play_voice
from agent.bench.made_catalogue import made_catalogue
from agent.committing.catalogue_manifest import ManifestClaims
from agent.committing.keys import create_device_keys, store_client_certificate
from agent.plumbing import messages, operator
from agent.plumbing.child import Program, start_child
from agent.plumbing.errors import CatalogueError
from agent.plumbing.ipc import IpcConnection
from order_backend.broker import PrivateBroker
from order_backend.folder import ShopFolder
from order_backend.provisioning import admit, create_shop
from order_backend.published import claims_of_version
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


def run_download(products: int) -> dict[str, Any]:
    """{"products", "whole", "changed", "within"}: of a device that has a catalogue of one product, the time
    to `products` under version 2, and then to version 3, in which 100 of them (or all) cost more.

    Each: "publish_seconds" (the command's work: cut, signed, in the database), "fetched_seconds" (the device
    has all parts), "orderable_seconds" (compiled, taken by `voice`, in use), all from the beginning of the
    publishing; "parts" and "bytes" that the device had to fetch, the manifest included. `voice` is played: it
    takes a grammar at once. "within": as `is_within`. Raises CatalogueError bench_download.
    """
    with TemporaryDirectory() as name, _device(Path(name)) as (shop, operator_socket):
        first = made_catalogue(products)
        whole = _publish(shop, operator_socket, _as_version(first, 2), set())
        held = {part.sha256 for part in _manifest(shop).parts}
        step = max(1, products // CHANGED)
        dearer = {product.id for product in first.products[::step][:CHANGED]}
        changed = msgspec.structs.replace(
            first,
            products=tuple(
                msgspec.structs.replace(product, price_minor=product.price_minor + 1)
                if product.id in dearer
                else product
                for product in first.products
            ),
        )
        row = {"whole": whole, "changed": _publish(shop, operator_socket, _as_version(changed, 3), held)}
    return {"products": products, **row, "within": is_within(products, row)}


def is_within(products: int, row: Mapping[str, Mapping[str, Any]]) -> bool:
    """Whether each of a row's two could be ordered within `WITHIN_S`; beyond `WITHIN_PRODUCTS` nothing is
    promised, so nothing is broken."""
    return products > WITHIN_PRODUCTS or all(one["orderable_seconds"] <= WITHIN_S for one in row.values())


def _as_version(catalogue: Any, version: int) -> bytes:
    return msgspec.json.encode(msgspec.structs.replace(catalogue, version=version))


def _manifest(shop: ShopFolder) -> ManifestClaims:
    with Shop.open(shop.database) as opened:
        newest = opened.published.newest()
    assert newest is not None  # noqa: S101
    return claims_of_version(newest)


def _publish(shop: ShopFolder, path: Path, data: bytes, held: set[str]) -> dict[str, Any]:
    begun = time.perf_counter()
    with Shop.open(shop.database) as opened:
        version = publish(shop, opened, data, now_s=int(time.time()))
    published = time.perf_counter()
    fetched = 0.0
    with operator_client(path) as client:
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
    new = [part for part in claims_of_version(version).parts if part.sha256 not in held]
    return {
        "publish_seconds": round(published - begun, 3),
        "fetched_seconds": round(fetched, 3),
        "orderable_seconds": round(passed, 3),
        "parts": len(new),
        "bytes": sum(part.size for part in new) + len(version.manifest),
    }


@contextlib.contextmanager
def _device(folder: Path) -> Iterator[tuple[ShopFolder, Path]]:
    """A shop at work with its broker, and a device that is connected; the path of its operator socket."""
    now = datetime.now(UTC)
    (folder / "catalogue.json").write_bytes(_as_version(made_catalogue(1), 1))
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
        with _processes(settings, folder / "operator.sock"):
            _wait_for_broker(folder / "operator.sock")
            yield shop, folder / "operator.sock"


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
def _processes(settings: Path, path: Path) -> Iterator[None]:
    """`till` and `uplink`, joined as the supervisor joins them, and a played `voice`."""
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
        yield
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
