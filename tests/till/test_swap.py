"""The protocol by which a catalogue is swapped, under every order of events that hypothesis can think of."""

from __future__ import annotations

from collections import deque

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.till import swap
from agent.till.swap import Compile, Drop, Effect, Name, Offer, Swap, TakeUp


class _Voice:
    """Takes grammars between utterances, one message after another, as the process does."""

    def __init__(self) -> None:
        self.offers: deque[Name] = deque()
        self.hears_by: Name | None = None
        self.useless = False  # it has refused what is in use: nothing better can be offered
        self.told: deque[tuple[str, Name]] = deque()


class SwapMachine(RuleBasedStateMachine):
    """The till with its disk on one side, `voice` on the other, and people who speak, kill and break things
    between them."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = Name(1, "a")
        self.swap = Swap(in_use=self.kept)
        self.compilable: set[Name] = set()
        self.held = {self.kept}
        self.voice: _Voice | None = None
        self.disk_full = False
        self.going_back = False  # the disk refused what `voice` hears by already
        self.dropped: set[Name] = set()
        self.seen_versions = [1]

    # --- what the till does ---

    def _carry_out(self, step: swap.Step) -> None:
        self.swap, effects = step
        for effect in effects:
            self._do(effect)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Compile(name):
                self.compilable.add(name)
            case Drop(name, code):
                if code == "catalogue_superseded":
                    others = (self.swap.compiling, self.swap.ready, self.swap.later)
                    assert max(other.version for other in others if other) > name.version
                self.compilable.discard(name)
                self.held.discard(name)
                self.dropped.add(name)
            case Offer(name):
                assert name in self.held, "only what can be served is offered"
                assert self.voice is not None
                self.voice.offers.append(name)
            case TakeUp(name):
                assert name in self.held
                if self.disk_full:
                    self.going_back = True
                    self._carry_out(swap.not_kept(self.swap, "catalogue_unwritable"))
                else:
                    before, self.kept = self.kept, name
                    self.seen_versions.append(name.version)
                    self._carry_out(swap.kept(self.swap))
                    self.held.discard(before)

    # --- what happens to it ---

    @initialize(there=st.booleans())
    def voice_is_there_already(self, there: bool) -> None:
        if there:
            self.voice_starts()
            self.voice_answers_an_offer(takes=True)  # type: ignore[call-arg]
            self.the_till_reads_what_it_was_told()

    @rule(ahead=st.sampled_from((1, 1, 1, 2, 0, -1)), source=st.sampled_from("aab"))
    def a_catalogue_arrives(self, ahead: int, source: str) -> None:
        version = max(1, self.swap.newest.version + ahead)
        self._carry_out(swap.arrived(self.swap, Name(version, source)))

    @precondition(lambda self: self.compilable)
    @rule(fails=st.sampled_from((False, False, False, True)), data=st.data())
    def a_compilation_ends(self, fails: bool, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.compilable)))
        self.compilable.discard(name)
        if fails:
            self._carry_out(swap.not_compiled(self.swap, name, "catalogue_invalid"))
            return
        self.held.add(name)
        self._carry_out(swap.compiled(self.swap, name))

    @precondition(lambda self: self.voice is None)
    @rule()
    def voice_starts(self) -> None:
        self.voice, self.going_back = _Voice(), False
        self._carry_out(swap.voice_came(self.swap))

    @precondition(lambda self: self.voice is not None)
    @rule()
    def voice_dies(self) -> None:
        self.voice, self.going_back = None, False
        self._carry_out(swap.voice_went(self.swap))

    @precondition(lambda self: self.voice is not None and self.voice.offers)
    @rule(takes=st.sampled_from((True, True, True, False)))
    def voice_answers_an_offer(self, takes: bool) -> None:
        assert self.voice is not None
        offer = self.voice.offers.popleft()
        if takes:
            self.voice.hears_by = offer
        self.voice.told.append(("taken" if takes else "refused", offer))

    @precondition(lambda self: self.voice is not None and self.voice.hears_by)
    @rule()
    def somebody_speaks(self) -> None:
        assert self.voice is not None and self.voice.hears_by is not None
        self.voice.told.append(("utterance", self.voice.hears_by))

    @precondition(lambda self: self.voice is not None and self.voice.told)
    @rule()
    def the_till_reads_what_it_was_told(self) -> None:
        assert self.voice is not None
        while self.voice.told:
            self._read_a_message()

    @precondition(lambda self: self.voice is not None and self.voice.told)
    @rule()
    def the_till_reads_one_message(self) -> None:
        self._read_a_message()

    def _read_a_message(self) -> None:
        assert self.voice is not None
        what, name = self.voice.told.popleft()
        if what == "utterance":
            if name != self.swap.in_use:
                expected = self.going_back or self.voice.useless
                assert expected, f"heard by {name}, and {self.swap.in_use} is in use"
            return
        assert name == self.swap.offered
        if name == self.swap.in_use:
            self.going_back = self.going_back and what != "taken"
            self.voice.useless = what == "refused"
        self._carry_out(swap.taken(self.swap) if what == "taken" else swap.refused(self.swap))

    @rule()
    def the_till_is_killed(self) -> None:
        """It starts from its disk; `voice` forgets its grammar with the connection."""
        self.swap, self.held, self.compilable = Swap(in_use=self.kept), {self.kept}, set()
        self.going_back = False
        if self.voice is not None:
            self.voice = _Voice()
            self._carry_out(swap.voice_came(self.swap))

    @rule(full=st.booleans())
    def the_disk_fills_up_or_is_cleared(self, full: bool) -> None:
        self.disk_full = full

    # --- what holds ---

    @invariant()
    def what_is_in_use_is_what_is_kept(self) -> None:
        assert self.swap.in_use == self.kept

    @invariant()
    def versions_only_go_up(self) -> None:
        assert self.seen_versions == sorted(set(self.seen_versions))

    @invariant()
    def no_more_than_three_are_held(self) -> None:
        assert self.held == {name for name in (self.kept, self.swap.ready, self.swap.later) if name}

    @invariant()
    def voice_has_one_offer_at_most(self) -> None:
        offers = 0 if self.voice is None else len(self.voice.offers)
        answers = [] if self.voice is None else [n for w, n in self.voice.told if w != "utterance"]
        assert offers + len(answers) == (self.swap.offered is not None)

    def teardown(self) -> None:
        """With nothing more going wrong, the newest that was not dropped comes into use, and is heard by."""
        self.disk_full = False
        if self.voice is None:
            self.voice_starts()
        for _ in range(20):
            for name in sorted(self.compilable):
                self.compilable.discard(name)
                self.held.add(name)
                self._carry_out(swap.compiled(self.swap, name))
            assert self.voice is not None
            while self.voice.offers:
                self.voice_answers_an_offer(True)  # type: ignore[call-arg]
            while self.voice.told:
                self._read_a_message()
        assert self.swap == Swap(in_use=self.kept, hearing=True, heard=self.kept)
        assert self.voice.useless or self.voice.hears_by == self.kept


SwapMachine.TestCase.settings = settings(max_examples=500, stateful_step_count=40)
TestSwap = SwapMachine.TestCase


V1, V2, V3 = Name(1, "a"), Name(2, "b"), Name(3, "c")


def _hearing() -> Swap:
    begun, _ = swap.voice_came(Swap(in_use=V1))
    return swap.taken(begun)[0]


def test_a_catalogue_comes_into_use_when_voice_hears_by_it() -> None:
    compiling, effects = swap.arrived(_hearing(), V2)
    assert effects == (Compile(V2),)
    offered, effects = swap.compiled(compiling, V2)
    assert (offered.in_use, effects) == (V1, (Offer(V2),))
    taken, effects = swap.taken(offered)
    assert (taken.in_use, effects) == (V1, (TakeUp(V2),))
    kept, effects = swap.kept(taken)
    assert (kept.in_use, kept.heard, effects) == (V2, V2, ())


def test_a_newer_one_supersedes_what_is_being_compiled() -> None:
    compiling, _ = swap.arrived(_hearing(), V2)
    newer, effects = swap.arrived(compiling, V3)
    assert (newer.compiling, effects) == (V3, (Drop(V2, "catalogue_superseded"), Compile(V3)))
    assert swap.compiled(newer, V2) == (newer, ())


def test_a_newer_one_waits_for_the_answer_to_what_is_offered() -> None:
    offered, _ = swap.compiled(swap.arrived(_hearing(), V2)[0], V2)
    waiting, effects = swap.compiled(swap.arrived(offered, V3)[0], V3)
    assert (waiting.ready, waiting.later, effects) == (V2, V3, ())
    in_use, effects = swap.kept(swap.taken(waiting)[0])
    assert (in_use.in_use, effects) == (V2, (Offer(V3),))


def test_an_older_one_and_another_of_the_same_version_are_refused() -> None:
    running = Swap(in_use=V2)
    assert swap.arrived(running, V1) == (running, (Drop(V1, "catalogue_older"),))
    other = Name(2, "other")
    assert swap.arrived(running, other) == (running, (Drop(other, "catalogue_same_version"),))
    assert swap.arrived(running, V2) == (running, ())


def test_a_version_that_voice_dies_of_twice_is_given_up() -> None:
    state, _ = swap.compiled(swap.arrived(_hearing(), V2)[0], V2)
    state, effects = swap.voice_went(state)
    assert (state.ready, effects) == (V2, ())
    state, effects = swap.voice_came(state)
    assert effects == (Offer(V1),), "it hears again before it tries again"
    state, effects = swap.taken(state)
    assert effects == (Offer(V2),)
    state, effects = swap.voice_went(state)
    assert (state.ready, effects) == (None, (Drop(V2, "catalogue_voice_died"),))


def test_without_voice_nothing_changes_hands() -> None:
    state, effects = swap.compiled(swap.arrived(Swap(in_use=V1), V2)[0], V2)
    assert (state.in_use, state.ready, effects) == (V1, V2, ())


def test_what_cannot_be_kept_is_taken_back_from_voice() -> None:
    state, _ = swap.compiled(swap.arrived(_hearing(), V2)[0], V2)
    state, effects = swap.not_kept(swap.taken(state)[0], "catalogue_unwritable")
    assert (state.in_use, effects) == (V1, (Drop(V2, "catalogue_unwritable"), Offer(V1)))
