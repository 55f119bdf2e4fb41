"""`python -m agent.till --settings FILE (--control-fd N | --admit PEER=USER ...)`, by the launcher."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from agent.committing.journal import FILE_NAME
from agent.committing.journal_mend import open_journal
from agent.committing.key_change import read_changes
from agent.committing.key_stores import open_key_store
from agent.committing.live_trust import FILE_NAME as ROTATIONS
from agent.committing.live_trust import LiveTrust
from agent.committing.road import OrderRoad
from agent.committing.trust import load_trust
from agent.committing.trusted_time import TrustedTime
from agent.deciding.edition import Edition
from agent.plumbing import audit, messages
from agent.plumbing.errors import IpcError, SandboxError
from agent.plumbing.ipc import IpcConnection
from agent.plumbing.process_main import run_process
from agent.plumbing.settings import Settings
from agent.plumbing.workshop import Workshop
from agent.till.brought import brought_before
from agent.till.catalogue_floor import floor_of
from agent.till.catalogue_store import CatalogueStore
from agent.till.compiler import MOST_MEMORY_BYTES, Compiler, work
from agent.till.desk import Desk
from agent.till.events import EventLoop
from agent.till.factors import Factors
from agent.till.feedback import FILE_NAME as FEEDBACK
from agent.till.feedback import FeedbackKept
from agent.till.house import HouseRules
from agent.till.opening import open_edition
from agent.till.part_store import PartStore
from agent.till.people import People
from agent.till.phones import FILE_NAME as PHONES
from agent.till.phones import Phones
from agent.till.process import Till
from agent.till.swap import Name


def main(arguments: list[str] | None = None) -> int:
    """Runs until it is told to stop, or the supervisor goes away."""
    audit.set_process("till")
    try:
        workshop = Workshop(work, "till", MOST_MEMORY_BYTES)  # forks: before any thread and any secret
    except SandboxError as error:
        audit.log(error.code, detail=error.detail, next_step=error.next_step)
        return 1
    return run_process("till", partial(_prepare, workshop), __doc__, arguments)


def _prepare(
    workshop: Workshop, settings: Settings, control: IpcConnection, alive: Callable[[], None]
) -> Callable[[], None]:
    loop, state = EventLoop(alive), Path(settings.paths.state_dir) / "till"
    pinned = load_trust(Path(settings.paths.trust_file))
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    trust = LiveTrust(pinned, state / ROTATIONS)
    store = CatalogueStore(state)
    compiler = Compiler(workshop, trust.shop_id, settings.device.language)
    edition, arrived = open_edition(store, compiler, Path(settings.paths.catalogue_file))
    desk = _desk(settings, state, trust, edition)
    served = Name(edition.version, edition.source)
    desk.house.brought = brought_before(store, compiler, floor_of(desk.journal), served)
    store.forget_details_but(served.source)
    till = Till(desk, loop, compiler, store, trust, PartStore(state / "parts"))
    if arrived is not None:
        till.catalogue_lies_there(arrived)
    workshop.watch(lambda: loop.post(_workshop_is_gone))

    def work() -> None:
        loop.read(control, messages.SupervisorToProcess, till.control, loop.stop)
        loop.run()
        desk.journal.close()

    return work


def _workshop_is_gone() -> None:
    """No half-life: the supervisor starts all of it anew."""
    raise IpcError("workshop_gone", "the process that compiles catalogues has died")


def _desk(settings: Settings, state: Path, trust: LiveTrust, edition: Edition) -> Desk:
    keys = open_key_store(settings)
    earlier = [change.old for change in read_changes(state)]
    journal = open_journal(state / FILE_NAME, keys.public_jwk(), settings.device.id, earlier)
    road = OrderRoad(
        journal,
        keys,
        trust,
        TrustedTime(trust, journal),
        settings,
        key_folder=state,
    )
    people = People(state / "people")
    for problem in people.problems:
        audit.log(problem.code, detail=problem.detail, next_step=problem.next_step)
    factors = Factors(state / "factors.json", journal)
    house = HouseRules.open(settings.paths)
    phones = Phones(state / PHONES, journal)
    feedback = FeedbackKept(state / FEEDBACK)
    return Desk(settings, edition, journal, road, people, factors, time.time, house, phones, feedback)


if __name__ == "__main__":
    sys.exit(main())
