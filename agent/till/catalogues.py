"""New catalogues while the till serves: compiled beside it, offered to `voice`, and taken up in one step.

Which of them goes where is decided in `agent.till.swap`; here it is carried out.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial

from agent.deciding.edition import Edition
from agent.plumbing import audit
from agent.plumbing.errors import CatalogueError, EarmarkError
from agent.plumbing.free_memory import give_back_memory
from agent.plumbing.operator import CatalogueHealth, CatalogueStage
from agent.plumbing.workshop import Job
from agent.till import swap
from agent.till.brought import brought_by
from agent.till.candidate import Candidate, Made, Told
from agent.till.catalogue_store import Beside, CatalogueStore
from agent.till.compiler import Compiler
from agent.till.desk import Desk
from agent.till.house import Brought
from agent.till.swap import Name, Swap

_WHY = {
    "catalogue_older": ("a newer one is in use or on its way", "earmark status"),
    "catalogue_same_version": ("another one has that version", "raise its version: it names the prices"),
    "catalogue_superseded": ("a newer one has come meanwhile", "earmark status"),
    "catalogue_voice_died": ("voice died twice when it was to take it", "read the log; earmark doctor"),
    "catalogue_refused": ("voice cannot hear by its grammar", "read the log; earmark doctor"),
}

_NO_FAULT = frozenset({"catalogue_older", "catalogue_superseded"})
"""A newer one is there: nothing has to be mended."""


class Catalogues:
    """Used from the till's loop. The desk's edition is the one in use."""

    def __init__(
        self,
        desk: Desk,
        compiler: Compiler,
        store: CatalogueStore,
        post: Callable[[Callable[[], None]], None],
        offer: Callable[[Edition], None],
        changed: Callable[[], None],
    ) -> None:
        """`post` brings something to the loop from another thread; `offer` tells `voice` to hear by an
        edition; `changed` is told that another one is in use."""
        self._desk, self._compiler, self._store = desk, compiler, store
        self._post, self._offer, self._changed = post, offer, changed
        self._swap = Swap(in_use=Name(desk.edition.version, desk.edition.source))
        self._candidates: dict[Name, Candidate] = {}
        self._made: dict[Name, Made] = {}
        self.fault: EarmarkError | None = None
        """Why the newest that came is not in use and will not be."""

    @property
    def in_use(self) -> Name:
        """What is served."""
        return self._swap.in_use

    def health(self) -> CatalogueHealth:
        """What an operator is shown."""
        newest, fault = self._swap.newest, self.fault
        coming = newest != self._swap.in_use
        source, house = self._swap.in_use.source, self._desk.house
        lost = house.lost(source)
        return CatalogueHealth(
            version=self._desk.edition.version,
            products=len(self._desk.catalogue),
            next_version=newest.version if coming else 0,
            next_stage=self._stage(newest) if coming else "",
            fault=fault.code if fault else "",
            fault_detail=fault.detail if fault else "",
            fault_next_step=fault.next_step if fault else "",
            details=len(house.facts(source)),
            details_fault=lost.code if lost else "",
            details_fault_detail=lost.detail if lost else "",
            details_fault_next_step=lost.next_step if lost else "",
        )

    def arrived(
        self, name: Name, source: int, told: Told = lambda _: None, beside: Beside | None = None
    ) -> None:
        """A catalogue of the shop: `name` is what it is said to be, the sealed memfd `source` (taken over)
        its JSON, `beside` (taken over) what the shop signed beside it, None where nobody knows. Whoever
        brings it answers for its origin."""
        candidate = self._candidates.get(name)
        if name != self._swap.in_use and candidate is None:
            self._candidates[name] = Candidate(source, beside, told)
            self._carry_out(swap.arrived(self._swap, name))
            return
        os.close(source)
        if candidate is None:
            told("in_use")
            if beside is not None:
                self.details_arrived(name, beside)
            return
        if beside is not None and candidate.beside is None and candidate.later is None:
            candidate.later = beside
        elif beside is not None:
            beside.close()
        candidate.told.append(told)
        told(self._stage(name))

    @property
    def details(self) -> str:
        """The SHA-256 of the details that were signed beside what is served, '' where they are not here."""
        brought = self._desk.house.brought_for(self.in_use.source)
        return brought.sha256 if brought is not None else ""

    def details_arrived(self, name: Name, beside: Beside, told: Told = lambda _: None) -> None:
        """The details (taken over) that the shop signed beside a catalogue that is in use without them."""
        if name != self.in_use or beside.sha256 in ("", self.details):
            beside.close()
            if name == self.in_use and not beside.sha256 and not self.details:
                self._bring(name, None)  # the shop's own word that there are none
            return
        work = partial(self._add_details, name, beside, told)
        threading.Thread(target=work, name="catalogue-details", daemon=True).start()

    def refused(self, error: EarmarkError) -> None:
        """A catalogue that came could not even be looked at."""
        audit.log("catalogue_not_taken", reason=error.code, detail=error.detail, next_step=error.next_step)
        self.fault = error

    def voice_came(self) -> None:
        """A `voice` without a grammar: it is offered one."""
        self._carry_out(swap.voice_came(self._swap))

    def voice_went(self) -> None:
        """`voice` is gone."""
        self._carry_out(swap.voice_went(self._swap))

    def voice_answered(self, grammar_id: str, fault: str) -> None:
        """It hears by that grammar now, or cannot (`fault`, an error code)."""
        offered = self._swap.offered
        if offered is None or self._edition(offered).grammar_id != grammar_id:
            return
        self._carry_out(swap.refused(self._swap) if fault else swap.taken(self._swap))

    def _stage(self, name: Name) -> CatalogueStage:
        return "compiling" if name == self._swap.compiling else "waiting"

    def _edition(self, name: Name) -> Edition:
        """Of a catalogue that is in use or ready."""
        if name == self._swap.in_use:
            return self._desk.edition
        return self._made[name].edition

    def _carry_out(self, step: swap.Step) -> None:
        self._swap, effects = step
        for effect in effects:
            match effect:
                case swap.Compile(name):
                    self._compile(name)
                case swap.Offer(name):
                    self._offer(self._edition(name))
                case swap.TakeUp(name):
                    self._take_up(name)
                case swap.Drop(name, code):
                    detail, next_step = _WHY[code]
                    self._drop(name, CatalogueError(code, f"version {name.version}: {detail}", next_step))

    def _compile(self, name: Name) -> None:
        candidate = self._candidates[name]
        self._tell(name, "compiling")
        try:
            candidate.job = self._compiler.begin(candidate.source, self._desk.catalogue.currency)
        except EarmarkError as error:
            self._not_compiled(name, candidate, error)
            return
        work = partial(self._make, name, candidate, candidate.job)
        threading.Thread(target=work, name="catalogue", daemon=True).start()

    def _make(self, name: Name, candidate: Candidate, job: Job) -> None:
        """In a thread of its own: waits for the compiler, and has all of it on disk."""
        try:
            made = self._all_of(name, job, candidate)
        except EarmarkError as error:
            self._post(partial(self._not_compiled, name, candidate, error))
        else:
            self._post(partial(self._compiled, name, candidate, made))
        finally:
            candidate.close()

    def _all_of(self, name: Name, job: Job, candidate: Candidate) -> Made:
        data = job.result()
        edition = self._compiler.edition(data, name.source)
        if edition.version != name.version:
            detail = f"it is version {edition.version}, and was announced as {name.version}"
            raise CatalogueError("catalogue_differs", detail, "bring it again")
        beside, brought = candidate.beside or Beside(), None
        if beside.sha256:
            candidate.job = job = self._compiler.begin_details(beside.fd, name.source)
            brought = brought_by(job, self._compiler, self._store, name.source, beside.sha256)
        return Made(edition, self._store.lay_ready(candidate.source, data, name.source, beside), brought)

    def _add_details(self, name: Name, beside: Beside, told: Told) -> None:
        """In a thread of its own, as `_make`."""
        try:
            job = self._compiler.begin_details(beside.fd, name.source)
            brought = brought_by(job, self._compiler, self._store, name.source, beside.sha256)
            self._store.keep_details(name.source, beside)
        except EarmarkError as error:
            self._post(partial(self._details_not_added, error, told))
        else:
            self._post(partial(self._details_added, name, brought))
        finally:
            beside.close()

    def _details_added(self, name: Name, brought: Brought) -> None:
        if name == self.in_use:
            self._bring(name, brought)

    def _details_not_added(self, error: EarmarkError, told: Told) -> None:
        audit.log("details_not_taken", reason=error.code, detail=error.detail, next_step=error.next_step)
        told(error)

    def _bring(self, name: Name, brought: Brought | None) -> None:
        self._desk.house.brought = brought
        self._store.forget_details_but(name.source)
        if brought is not None and isinstance(brought.facts, CatalogueError):
            fault = brought.facts
            audit.log(fault.code, detail=fault.detail, next_step=fault.next_step)

    def _compiled(self, name: Name, candidate: Candidate, made: Made) -> None:
        if self._candidates.get(name) is not candidate:  # given up at the last moment
            self._store.drop(made.laid)
            return
        self._made[name] = made
        self._tell(name, "waiting")
        self._carry_out(swap.compiled(self._swap, name))

    def _not_compiled(self, name: Name, candidate: Candidate, error: EarmarkError) -> None:
        if self._candidates.get(name) is candidate:
            self._swap, _ = swap.not_compiled(self._swap, name, error.code)
            self._drop(name, error)

    def _take_up(self, name: Name) -> None:
        edition, laid, brought = self._made[name]
        try:
            self._store.take_up(laid)
        except CatalogueError as error:
            self._swap, effects = swap.not_kept(self._swap, error.code)
            self._drop(name, error)
            self._carry_out((self._swap, tuple(e for e in effects if not isinstance(e, swap.Drop))))
            return
        candidate = self._candidates.pop(name)
        del self._made[name]
        self._desk.edition, self.fault = edition, None
        if candidate.beside is not None:  # by hand nobody has said what there is of it
            self._bring(name, brought)
        audit.log("catalogue_in_use", catalogue_version=name.version)
        self._changed()
        give_back_memory()
        for told in candidate.told:
            told("in_use")
        self._carry_out(swap.kept(self._swap))
        if candidate.later is not None:
            self.details_arrived(name, candidate.later)

    def _drop(self, name: Name, error: EarmarkError) -> None:
        candidate = self._candidates.pop(name)
        if candidate.job is not None:
            candidate.job.abandon()
        else:
            candidate.close()
        if candidate.later is not None:
            candidate.later.close()
        if name in self._made:
            self._store.drop(self._made.pop(name).laid)
        if error.code in _NO_FAULT:
            audit.log("catalogue_not_taken", reason=error.code, catalogue_version=name.version)
        else:
            self.refused(error)
        for told in candidate.told:
            told(error)

    def _tell(self, name: Name, stage: CatalogueStage) -> None:
        for told in self._candidates[name].told:
            told(stage)
