"""Writes docs/states.md from the code: every step of the dialogue table and of the order journal.

python scripts/state_tables.py           write
python scripts/state_tables.py --check   fail where the file is not up to date

The dialogue's next states stand nowhere as data: they are what `step` answers. So each pair of state and
event in `TABLE` is tried with every case in `scripts/dialogue_cases.py`, and the page says what came out.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from agent.committing import journal_rows  # noqa: E402
from agent.deciding import beside, really  # noqa: E402
from agent.deciding import conversation as talk  # noqa: E402
from agent.deciding.asking import MOST_TRIES  # noqa: E402
from agent.deciding.challenged import Challenged  # noqa: E402
from agent.deciding.choice import Alternatives  # noqa: E402
from agent.deciding.dialogue import TABLE, step  # noqa: E402
from agent.deciding.inquired import Tell  # noqa: E402
from agent.deciding.offered import AskOffer, AwaitingOffer  # noqa: E402
from agent.deciding.surroundings import Surroundings  # noqa: E402
from scripts.beside_cases import QUESTIONS  # noqa: E402
from scripts.dialogue_cases import CASES  # noqa: E402
from scripts.dialogue_values import ANNA, COFFEE, POLICY, TEA, WORDS, Case  # noqa: E402
from scripts.made_page import keep  # noqa: E402

PAGE = ROOT / "docs" / "states.md"

HEAD = f"""\
# States

This page is made by `scripts/state_tables.py` from `TABLE` in `agent/deciding/dialogue.py` and from `ALLOWED`
in `agent/committing/journal_rows.py`. What it says is a key of `agent/deciding/reply_words.py`; what it
writes is the code of a decision in the journal.

## The dialogue

A question is put at most {MOST_TRIES} times. "1st", "2nd" and so on count the answers that decided nothing.
What is not listed changes nothing. The end of a shift counts as a denial; "slower" and "faster" as the wish
to hear it again. A known voice is also that of whoever is on shift. A dash: nothing is said, or nothing is
written. What may be asked [beside an order](#beside-an-order) has a table of its own.
"""

MOST_ALIKE = 3
"""So many rows of a state that come to the same stand each by itself."""

_ORDINALS = ("1st", "2nd", "3rd", "4th")


@dataclass(frozen=True)
class Row:
    """What one case leads to, in words."""

    when: str
    says: str
    writes: str
    then: str


def rows_of(state: type[talk.State], event: type[talk.Event]) -> list[Row]:
    """The outcome of every case of `event` in `state`; with their number where the count of tries matters."""
    found: list[Row] = []
    for case in CASES[event]:
        if (case.proposed and state is not talk.Idle) or (case.only_in and state not in case.only_in):
            continue
        tried = _states(state, sentence_asked=case.sentence_asked)
        if event is talk.Confused and state is talk.Idle:
            tried = [talk.Idle(), talk.Idle(1)]
        outcomes = [_row(case, one) for one in tried]
        for number, row in enumerate(outcomes):
            alike = [at for at, other in enumerate(outcomes) if other == row]
            if alike[0] == number:
                which = " and ".join(_ORDINALS[at] for at in alike)
                when = row.when if len(alike) == len(outcomes) else f"{row.when}, {which}"
                found.append(replace(row, when=when))
    return found


def _states(state: type[talk.State], *, sentence_asked: bool) -> list[talk.State]:
    if state is talk.Idle:
        return [talk.Idle()]
    if state is talk.Choosing:
        return [talk.Choosing(Alternatives(COFFEE, TEA), ANNA)]
    if state is AwaitingOffer:
        return [AwaitingOffer(COFFEE, ANNA)]
    if state is talk.Committing:
        return [talk.Committing(COFFEE, ANNA)]
    each, said = range(1, MOST_TRIES + 1), COFFEE.digest
    if state is Challenged:
        return [Challenged(COFFEE, ANNA, WORDS, tries, said=said) for tries in each]
    if state is talk.AwaitingFactor:
        return [talk.AwaitingFactor(COFFEE, ANNA, tries, said=said) for tries in each]
    if state is talk.Confirming:
        asked = talk.Confirming(COFFEE, ANNA, sentence_asked=sentence_asked, said=said)
        return [replace(asked, tries=tries) for tries in each]
    return [talk.AskingAnother(COFFEE, ANNA, tries) for tries in each]


def _row(case: Case, state: talk.State) -> Row:
    around = Surroundings(
        *(POLICY, case.circumstances, case.proposed, case.offers, case.house),
        ways=case.ways,
        chance=case.chance,
    )
    after, effects = step(state, case.event, around)
    says = ["the answer" for effect in effects if isinstance(effect, Tell)]
    for say in (effect for effect in effects if isinstance(effect, talk.Say)):
        says += [f"`{key}`" for key in (say.first, say.key) if key]
        says += ["other ways"] if say.ways else []
    says += ["asks the shop" for effect in effects if isinstance(effect, AskOffer)]
    writes = [effect.code for effect in effects if isinstance(effect, talk.Record)]
    writes += ["the signed order" for effect in effects if isinstance(effect, talk.Commit)]
    return Row(
        case.when,
        ", ".join(says) or "–",
        ", ".join(code if " " in code else f"`{code}`" for code in writes) or "–",
        type(after).__name__,
    )


def page() -> str:
    """The page as it should be."""
    rows = {(state, event): _merged(rows_of(state, event)) for state, event in TABLE}
    states_of: defaultdict[tuple[str, tuple[Row, ...]], list[str]] = defaultdict(list)
    for (state, event), found in rows.items():
        states_of[event.__name__, tuple(found)].append(state.__name__)
    shared = {found: states for (_, found), states in states_of.items() if len(states) > 2}
    parts = [HEAD, *_dialogue_picture(rows), ""]
    for common, states in shared.items():
        parts += [f"### {', '.join(states[:-1])} or {states[-1]}", "", *_table(list(common)), ""]
    for state in dict.fromkeys(state for state, _ in TABLE):
        own = [
            row
            for (of, _), found in rows.items()
            if of is state and tuple(found) not in shared
            for row in found
        ]
        parts += [f"### {state.__name__}", "", " ".join((inspect.getdoc(state) or "").split()), ""]
        parts += [*_table(own), ""]
    return "\n".join([*parts, *_beside(), *_journal()])


def _beside() -> list[str]:
    """What comes of each question that is no order's."""
    lines = [
        "## Beside an order",
        "",
        "Made from `TABLE` in `agent/deciding/beside.py`. A voice is learned, and a person forgotten or",
        "remembered, only while nothing is talked about. Whether something is really meant is also asked",
        "while a basket waits; then its question is put again after the answer. What is said after the wake",
        "word, or the loss of the ear and the voice, ends what is asked here, and nothing is done.",
        "",
    ]
    lines += ["```mermaid", "stateDiagram-v2", "    [*] --> Really: something is to be done beside an order"]
    lines += ["    [*] --> Forgetting: forget my voice", "    [*] --> Enrolling: learn my voice"]
    lines += ["    [*] --> Remembering: you may remember what I order"]
    arrows: dict[str, None] = {}
    rows: list[str] = []
    for asked in QUESTIONS:
        state = type(asked.state).__name__
        for when, event in asked.cases:
            then, does = _came_beside(beside.step(asked.state, event))  # type: ignore[arg-type]
            arrows[f"    {state} --> {then or '[*]'}: {type(event).__name__}"] = None
            rows.append(f"| {state}: {asked.what} | {when} | {does} | {then or 'over'} |")
    lines += [*arrows, "```", "", "| what is asked | what happens | what comes of it | then |"]
    return [*lines, "|---|---|---|---|", *rows, ""]


def _came_beside(outcome: object) -> tuple[str, str]:
    """The state after it, '' where it is over; and what is said or done."""
    match outcome:
        case really.Really():
            return "Really", "asked once more"
        case "yes":
            return "", "it is done"
        case "no":
            return "", "nothing is done"
        case "other_voice":
            return "", "nothing is done, as it was another voice"
        case (after, talk.Say(key=key), done):
            said = f"`{key}`" if not done else f"`{key}`, and it is done"
            return type(after).__name__ if after else "", said
    raise TypeError(f"nobody knows what {outcome!r} is")


def _merged(rows: list[Row]) -> list[Row]:
    """`rows` with each outcome that many have in one line: "any other answer", "any other answer, 3rd"."""
    outcomes = Counter(_outcome(row) for row in rows)
    common = [outcome for outcome, count in outcomes.most_common() if count > MOST_ALIKE]
    others = [row for row in rows if _outcome(row) not in common]
    alike = "any other answer" if others else "any answer"
    return [*others, *(replace(row, when=f"{alike}{row.when}") for row in common)]


def _outcome(row: Row) -> Row:
    """What it comes to, and at which tries."""
    found = re.search(f", ({'|'.join(_ORDINALS)})( and .*)?$", row.when)
    return replace(row, when=found.group() if found else "")


def _table(rows: list[Row]) -> list[str]:
    head = ["| what happens | it says | it writes | then |", "|---|---|---|---|"]
    return [*head, *(f"| {row.when} | {row.says} | {row.writes} | {row.then} |" for row in rows)]


def _dialogue_picture(rows: dict[tuple[type[talk.State], type[talk.Event]], list[Row]]) -> list[str]:
    """One arrow from state to state, labelled with the events that may take it."""
    arrows: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (state, event), found in rows.items():
        for then in dict.fromkeys(row.then for row in found):
            arrows[state.__name__, then].append(event.__name__)
    lines = [f"    {one} --> {other}: {', '.join(events)}" for (one, other), events in arrows.items()]
    return ["```mermaid", "stateDiagram-v2", "    [*] --> Idle", *lines, "```"]


def _journal() -> list[str]:
    arrows = [
        f"    {state} --> {after}"
        for state, allowed in journal_rows.ALLOWED.items()
        for after in journal_rows.ALLOWED
        if after in allowed
    ]
    ends = [state for state, allowed in journal_rows.ALLOWED.items() if not allowed]
    return [
        "## The order in the journal",
        "",
        "Each row of the table `orders` is in one of these states. `Journal.move` in",
        "`agent/committing/journal.py` refuses every step that is not drawn.",
        f"Open are {', '.join(journal_rows.OPEN)}.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> queued",
        *arrows,
        *(f"    {state} --> [*]" for state in ends),
        "```",
        "",
        *(f"- {sentence}" for sentence in _meanings()),
        "",
    ]


def _meanings() -> list[str]:
    """The sentences under `ALLOWED` in the source."""
    body = ast.parse(inspect.getsource(journal_rows)).body
    for statement, after in pairwise(body):
        named = isinstance(statement, ast.AnnAssign) and ast.unparse(statement.target) == "ALLOWED"
        if named and isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            text = " ".join(str(after.value.value).split())
            return [f"{sentence.rstrip('.')}." for sentence in text.split(". ")]
    raise LookupError("ALLOWED has no description")


if __name__ == "__main__":
    sys.exit(keep(PAGE, page(), "python scripts/state_tables.py"))
