"""`python -m agent.till --settings FILE (--control-fd N | --admit PEER=USER ...)`, by the launcher."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from agent.committing.journal import FILE_NAME, Journal
from agent.committing.keys import FileKeyStore
from agent.committing.road import OrderRoad
from agent.committing.trust import load_trust
from agent.committing.trusted_time import TrustedTime
from agent.deciding.catalogue import Catalogue, parse_catalogue
from agent.plumbing import audit, messages
from agent.plumbing.errors import CatalogueError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Settings
from agent.till.desk import Desk
from agent.till.events import EventLoop
from agent.till.factors import Factors
from agent.till.people import People
from agent.till.process import Till


def main(arguments: list[str] | None = None) -> int:
    """Runs until it is told to stop, or the supervisor goes away."""
    return run_process("till", _prepare, __doc__, arguments)


def _prepare(settings: Settings, control: IpcConnection, alive: Callable[[], None]) -> Callable[[], None]:
    desk, loop = _desk(settings), EventLoop(alive)
    till = Till(desk, loop)

    def work() -> None:
        loop.read(control, messages.SupervisorToProcess, till.control, loop.stop)
        loop.run()
        desk.journal.close()

    return work


def _desk(settings: Settings) -> Desk:
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
