"""Conversations in a text file that people read: who said what, what was heard, the state after it, the
answer, and what came of it all. docs/figures/conversations.md says how to write one.

    language: en

    == An order of one thing
    given: Anna; Tuesday 10:00
    Anna: okay nabu, order two bags of coffee
        state: Confirming
        answer: Two bags of medium roast coffee, ...
    then: decided read_back
    then: no order

Whoever begins with a capital is a person; all else is a thing, and `happenings` knows what it may do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from agent.bench.happenings import GIVENS, MARKS, THINGS, Happening, read
from agent.deciding.lexicon import LEXICONS
from agent.plumbing.errors import ConfigurationError

_STEP = re.compile(r"(?P<actor>[^\W\d_]+) ?(?:\((?P<marks>[^)]*)\))?: ?(?P<text>.*)")
_UNDER = re.compile(r"[ \t]+(?P<label>[a-z]+): ?(?P<text>.*)")
_NEARLY = re.compile(r"(?P<words>.+) \((?P<nats>\d+(?:\.\d+)?) nats behind\)")
_THEN = re.compile(r"decided .+|no order|(ordered|queued|sent|refused|expired|unknown) .+")
_STATE = re.compile(r"[A-Z][A-Za-z]+")


class Step(NamedTuple):
    """One thing that somebody says or that happens, on `line` of its file. `marks` is how it sounded;
    `heard` and `open_heard` what the recogniser made of it, None where that is what was said; `nearly` other
    sentences with how far they were behind (nats). `state` and `answers` ("answer: ..." is said aloud,
    "shown: ..." to whoever types) are what has to come of it, on the lines from `expected_from` to before
    `expected_until`."""

    line: int
    actor: str
    text: str
    marks: tuple[Happening, ...] = ()
    happening: Happening | None = None
    heard: str | None = None
    open_heard: str | None = None
    nearly: tuple[tuple[str, float], ...] = ()
    state: str = ""
    answers: tuple[str, ...] = ()
    expected_from: int = 0
    expected_until: int = 0


class Conversation(NamedTuple):
    """What stands from one `==` to the next. `then` is what has to stand in the journals, as
    `conversation_account` words it, from `then_from` on."""

    file: Path
    line: int
    name: str
    language: str
    adversarial: bool
    givens: tuple[Happening, ...]
    steps: tuple[Step, ...]
    then: tuple[str, ...]
    then_from: int
    then_until: int


def read_files(paths: Sequence[Path], *, drafts: bool = False) -> list[Conversation]:
    """All conversations of these files, in their order. `drafts` may lack what has to come of a step and of
    the whole.

    Raises ConfigurationError conversations_invalid with every fault of every file, each with its line.
    """
    faults: list[str] = []
    found: list[Conversation] = []
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path}: {type(error).__name__}")
            continue
        found += _Reader(path, text, faults, drafts).conversations()
    named: dict[str, Conversation] = {}
    for each in found:
        before = named.setdefault(each.name, each)
        if before is not each:
            where = f"{before.file.name}:{before.line}"
            faults.append(f"{each.file}:{each.line}: a conversation of this name stands in {where}")
    if faults:
        raise ConfigurationError("conversations_invalid", "\n".join(faults), "mend these lines")
    return found


class _Reader:
    """One file. Faults are added to `faults` as "file:line: what"."""

    def __init__(self, path: Path, text: str, faults: list[str], drafts: bool) -> None:
        self._path, self._faults, self._drafts = path, faults, drafts
        self._lines = [(number, line.rstrip()) for number, line in enumerate(text.splitlines(), start=1)]
        self._language = ""
        self._adversarial = False

    def conversations(self) -> Iterator[Conversation]:
        lines = [(number, line) for number, line in self._lines if line and not line.startswith("#")]
        begins = [at for at, (_, line) in enumerate(lines) if line.startswith("==")]
        if not begins:
            self._fault(1, "there is no conversation in it: == A NAME")
        self._head(lines[: begins[0]] if begins else lines)
        for begin, end in zip(begins, [*begins[1:], len(lines)], strict=True):
            yield self._conversation(lines[begin:end])

    def _fault(self, line: int, text: str) -> None:
        self._faults.append(f"{self._path}:{line}: {text}")

    def _head(self, lines: Sequence[tuple[int, str]]) -> None:
        for number, line in lines:
            label, _, text = line.partition(": ")
            if label == "language" and text in LEXICONS:
                self._language = text
            elif line == "adversarial":
                self._adversarial = True
            else:
                known = ", ".join(LEXICONS)
                self._fault(number, f"{line!r} is neither 'language: ' with one of {known} nor 'adversarial'")
        if not self._language and not any("language" in line for _, line in lines):
            self._fault(1, "it names no language: language: en")

    def _conversation(self, lines: Sequence[tuple[int, str]]) -> Conversation:
        (first, heading), *rest = lines
        name = heading.removeprefix("==").strip()
        if not name:
            self._fault(first, "this conversation has no name")
        givens: list[Happening] = []
        then: list[tuple[int, str]] = []
        steps: list[Step] = []
        for number, line in rest:
            if under := _UNDER.fullmatch(line):
                if then or not steps:
                    self._fault(number, "this belongs to no step")
                else:
                    steps[-1] = self._under(steps[-1], number, under["label"], under["text"])
            elif line.startswith("given: ") and not steps:
                givens += self._givens(number, line.removeprefix("given: "))
            elif line.startswith("then: "):
                then.append((number, line.removeprefix("then: ")))
                if not _THEN.fullmatch(then[-1][1]):
                    self._fault(number, "after 'then: ' comes 'decided ...', 'no order' or an order")
            elif then:
                self._fault(number, "nothing happens after 'then: '")
            else:
                steps += self._step(number, line)
        for step in steps:
            if not step.state and not self._drafts:
                self._fault(step.line, "what state is it in after that?  state: Idle")
        last = rest[-1][0] if rest else first
        complete = len(then) >= 2 and then[0][1].startswith("decided ")
        if not complete and not (self._drafts and not then):
            self._fault(last, "what came of it?  then: decided ...  then: no order")
        return Conversation(
            *(self._path, first, name, self._language, self._adversarial),
            tuple(givens),
            tuple(steps),
            tuple(text for _, text in then),
            then_from=then[0][0] if then else last + 1,
            then_until=then[-1][0] + 1 if then else last + 1,
        )

    def _givens(self, number: int, text: str) -> Iterator[Happening]:
        for part in text.split(";"):
            given = read(GIVENS, part.strip())
            if given is None:
                self._fault(number, f"{part.strip()!r} is nothing that may be given")
            else:
                yield given

    def _step(self, number: int, line: str) -> Iterator[Step]:
        found = _STEP.fullmatch(line)
        if found is None:
            self._fault(number, f"{line!r} is no step: WHO: WHAT")
            return
        actor, text = found["actor"], found["text"].strip()
        marks = [read(MARKS, mark.strip()) for mark in (found["marks"] or "").split(",") if mark.strip()]
        if None in marks:
            self._fault(number, f"({found['marks']}) is nothing that speech may be")
        known = tuple(mark for mark in marks if mark is not None)
        happening = None
        if actor[0].isupper():
            if not text:
                self._fault(number, f"what does {actor} say?")
        elif actor not in THINGS:
            self._fault(number, f"{actor!r} is neither a person nor one of {', '.join(THINGS)}")
        elif (happening := read(THINGS[actor], text)) is None:
            self._fault(number, f"{text!r} is nothing that {actor!r} does")
        yield Step(number, actor, text, known, happening, expected_from=number + 1, expected_until=number + 1)

    def _under(self, step: Step, number: int, label: str, text: str) -> Step:
        text = text.strip()
        if label in ("state", "answer", "shown"):
            from_ = step.expected_from if step.state or step.answers else number
            step = step._replace(expected_from=from_, expected_until=number + 1)
        match label:
            case "heard":
                words, _, rest = (part.strip() for part in text.partition("/"))
                open_words = rest if "/" in text else words
                if step.state or step.answers:
                    self._fault(number, "'heard' comes before the state")
                return step._replace(heard=words, open_heard=open_words, expected_until=number + 1,
                                     expected_from=number + 1)  # fmt: skip
            case "nearly":
                near = _NEARLY.fullmatch(text)
                if near is None:
                    self._fault(number, "another sentence, and how near:  WORDS (0.5 nats behind)")
                    return step
                nearly = (*step.nearly, (near["words"], float(near["nats"])))
                return step._replace(nearly=nearly, expected_from=number + 1, expected_until=number + 1)
            case "state":
                if step.state or not _STATE.fullmatch(text):
                    self._fault(number, "one state, by its name:  state: Idle")
                return step._replace(state=text)
            case "answer" | "shown":
                return step._replace(answers=(*step.answers, f"{label}: {text}"))
        self._fault(number, f"{label!r} is none of heard, nearly, state, answer, shown")
        return step
