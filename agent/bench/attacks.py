"""What an attacker tries, and what refuses it: `earmark bench attacks`.

Each is made on the real broker and the real order service, with the real keys of a device that the shop has
admitted. A row says "refused" only where this run saw that refusal, and saw that nothing was placed.
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, NamedTuple

from agent.bench.attack_lab import VICTIM, Lab
from agent.plumbing.errors import ConfigurationError

Where = Literal["TLS", "broker", "order service", "enrolment", "device"]
Verdict = Literal["refused", "harmless", "NOT REFUSED"]


class Attack(NamedTuple):
    """`make` says what was seen. It is refused where that is in `expected` and `places` orders were placed,
    no more: those that are honest in it. `harmless`: it is taken as the honest order that it is, and does
    nothing else."""

    name: str
    where: Where
    expected: frozenset[str]
    make: Callable[[Lab], str]
    places: int = 0
    harmless: bool = False
    slow: bool = False


def codes(*expected: str) -> frozenset[str]:
    """For `Attack.expected`."""
    return frozenset(expected)


class Row(NamedTuple):
    """`seen` is the code by which it was refused, or what was seen instead; `ms` how long that took."""

    attack: str
    seen: str
    where: Where
    placed: int
    verdict: Verdict
    ms: int


def run_attacks(attacks: Iterable[Attack] | None = None, *, slow: bool = True) -> dict[str, Any]:
    """{"attacks": rows, "refused", "harmless", "not_refused": counts, "control": whether an honest order was
    placed before and after all of them, "sound"}. All that are known unless some are named; `slow` ones too.

    Raises ConfigurationError: broker_missing, broker_start.
    """
    from agent.bench.attack_list import ATTACKS

    chosen = [one for one in (ATTACKS if attacks is None else attacks) if slow or not one.slow]
    with TemporaryDirectory(prefix="earmark-attacks-") as folder, Lab(Path(folder)) as lab:
        control = _honest(lab)
        rows = [try_out(one, lab) for one in chosen]
        control = control and _honest(lab)
    verdicts = [row.verdict for row in rows]
    return {
        "attacks": [row._asdict() for row in rows],
        "refused": verdicts.count("refused"),
        "harmless": verdicts.count("harmless"),
        "not_refused": verdicts.count("NOT REFUSED"),
        "control": control,
        "sound": control and "NOT REFUSED" not in verdicts,
    }


def try_out(attack: Attack, lab: Lab) -> Row:
    """One attack, and what the shop has placed when it is over."""
    before, begun = lab.orders(), time.monotonic()
    try:
        seen = attack.make(lab)
    except (OSError, queue.Empty, ConfigurationError) as error:
        seen = f"{type(error).__name__}: {error}"
    ms = round(1000 * (time.monotonic() - begun))
    placed = lab.orders() - before
    return Row(attack.name, seen, attack.where, placed, judged(attack, seen, placed), ms)


def judged(attack: Attack, seen: str, placed: int) -> Verdict:
    """Whether that was the refusal that is wanted."""
    if seen not in attack.expected or placed != attack.places:
        return "NOT REFUSED"
    return "harmless" if attack.harmless else "refused"


def _honest(lab: Lab) -> bool:
    """By a device that none of the attacks is made with."""
    before = lab.orders()
    try:
        with lab.connected(VICTIM) as client:
            is_ordered = lab.sent(client, lab.intent(VICTIM), VICTIM) == "ordered"
    except (OSError, queue.Empty):
        return False
    return is_ordered and lab.orders() == before + 1
