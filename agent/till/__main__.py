"""`python -m agent.till --settings FILE (--control-fd N | --admit PEER=USER ...)`, by the launcher."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from agent.committing.journal import FILE_NAME, Journal
from agent.committing.keys import FileKeyStore
from agent.committing.road import OrderRoad
from agent.committing.trust import load_trust
from agent.committing.trusted_time import TrustedTime
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.plumbing import arrivals, audit, messages
from agent.plumbing.errors import CatalogueError, EarmarkError
from agent.plumbing.last_words import end_with_any_thread
from agent.plumbing.sandbox import tighten
from agent.plumbing.service_manager import ServiceManager
from agent.plumbing.settings import load_settings
from agent.till.desk import Desk
from agent.till.events import EventLoop
from agent.till.factors import Factors
from agent.till.people import People
from agent.till.process import Till


def main() -> int:
    """Runs until it is told to stop, or the supervisor goes away."""
    audit.set_process("till")
    end_with_any_thread()
    parser = argparse.ArgumentParser(prog="till")
    parser.add_argument("--settings", type=Path, required=True)
    arrivals.add_arguments(parser)
    arguments = parser.parse_args()
    try:
        desk = _desk(arguments.settings)
        manager = ServiceManager.from_environment()
        loop = EventLoop(manager.alive)
        till = Till(desk, loop)
        control = arrivals.control_connection(arguments)
        tighten("till")
        manager.ready()
        loop.read(control, messages.SupervisorToProcess, till.control, loop.stop)
        loop.run()
        desk.journal.close()
    except EarmarkError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return 1
    return 0


def _desk(settings_file: Path) -> Desk:
    settings = load_settings(settings_file)
    state = Path(settings.paths.state_dir) / "till"
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    trust = load_trust(Path(settings.paths.trust_file))
    catalogue = _catalogue(Path(settings.paths.catalogue_file), trust.shop_id)
    journal = Journal(state / FILE_NAME)
    road = OrderRoad(
        journal,
        FileKeyStore.load(Path(settings.paths.keys_dir)),
        trust,
        TrustedTime(trust, journal),
        settings,
    )
    people = People(state / "people")
    for problem in people.problems:
        audit.log(problem.code, detail=problem.detail, next_step=problem.next_step)
    factors = Factors(state / "factors.json", journal)
    return Desk(settings, catalogue, journal, road, people, factors, time.time)


def _catalogue(path: Path, shop_id: str) -> Catalogue:
    try:
        catalogue = parse_catalogue(path.read_bytes(), name=path.name)
    except OSError as error:
        raise CatalogueError(
            "catalogue_missing", f"cannot read {path}: {error.strerror}", "put the shop's catalogue there"
        ) from error
    if catalogue.shop_id != shop_id:
        raise CatalogueError(
            "catalogue_other_shop",
            f"{path.name} is of {catalogue.shop_id!r}, the device trusts {shop_id!r}",
            "take the catalogue of the shop that admitted this device",
        )
    return catalogue


if __name__ == "__main__":
    sys.exit(main())
