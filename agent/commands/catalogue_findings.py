"""What `earmark doctor` finds about the catalogue: the file of the settings, and what the device serves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from agent.commands.findings import Finding
from agent.deciding.catalogue import parse_catalogue
from agent.deciding.sentences import compile_sentences
from agent.plumbing.errors import CatalogueError
from agent.plumbing.operator import CatalogueHealth, Health
from agent.plumbing.settings import Paths, Settings
from agent.till.house import shop_details

_STAGES = {"fetching": "is being fetched from the shop", "compiling": "is being compiled"}


def catalogue(settings: Settings) -> Iterator[Finding]:
    """Of the file. Raises CatalogueError."""
    path = Path(settings.paths.catalogue_file)
    try:
        data = path.read_bytes()
    except OSError as error:
        yield Finding(
            "catalogue", "bad", f"cannot read {path}: {error.strerror}", "put the shop's catalogue there"
        )
        return
    found = parse_catalogue(data, name=path.name)
    compile_sentences(found, settings.device.language)
    silent = sum(settings.device.language not in product.words for product in found.products)
    yield Finding("catalogue", "ok", f"version {found.version}, {len(found.products)} products")
    yield from _details(settings.paths)
    if silent:
        yield Finding("catalogue", "note", f"{silent} products have no words in {settings.device.language!r}")


def _details(paths: Paths) -> Iterator[Finding]:
    """Of the document beside the catalogue."""
    details = shop_details(paths)
    if isinstance(details, CatalogueError):
        yield Finding("catalogue", "note", f"{details.detail} ({details.code})", details.next_step)
    elif details is not None:
        yield Finding("catalogue", "ok", f"details of {len(details.products)} products")


def catalogue_in_use(health: CatalogueHealth) -> Iterator[Finding]:
    """Of the running device."""
    detail = f"serves catalogue version {health.version}, {health.products} products"
    yield Finding("device", "ok", detail)
    if health.details:
        yield Finding("device", "ok", f"knows the details of {health.details} products")
    if health.details_fault:
        detail = f"{health.details_fault_detail} ({health.details_fault})"
        yield Finding("device", "note", detail, health.details_fault_next_step)
    if health.next_version:
        yield Finding("device", "ok", on_its_way(health))
    if health.fault:
        detail = f"a new catalogue was not taken: {health.fault_detail} ({health.fault})"
        yield Finding("device", "note", detail, health.fault_next_step)


def policy_line(health: Health) -> str:
    """E.g. "the shop's limits, version 3 since 2026-11-28"; '' where it has set none."""
    if not health.policy_version:
        return ""
    since = datetime.fromtimestamp(health.policy_since_s, UTC)
    rules = f" and {health.policy_rules} rules" if health.policy_rules else ""
    return f"the shop's limits{rules}, version {health.policy_version} since {since:%Y-%m-%d %H:%M:%SZ}"


def on_its_way(health: CatalogueHealth) -> str:
    """E.g. "version 8 is being compiled"."""
    what = _STAGES.get(health.next_stage, "waits until nobody is being heard")
    return f"catalogue version {health.next_version} {what}"
