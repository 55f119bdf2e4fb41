"""What each gate costs and saves: orders that pass against other sounds that pass, as data and picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from agent.bench.outcomes import Heard, counted
from agent.bench.picture import Curve, draw

_GATES = [round(float(gate), 2) for gate in np.arange(-3.0, 0.001, 0.05)]


def trade(
    orders: Mapping[float | None, Sequence[Heard]], others: Sequence[Heard], gate: float
) -> dict[str, Any]:
    """{"gate_in_use": x, "gates": [x, ...], "orders": [{"snr_db": null or number, "accepted": [share, ...],
    "asked": [...], "wrong": [...]}], "rejects_accepted": [share, ...]}: one share, 0 to 1, for each gate.
    """
    rows = []
    for snr_db, heard in orders.items():
        counts = [counted(list(heard), one) for one in _GATES]
        shares = {
            outcome: [count[outcome] / len(heard) for count in counts]
            for outcome in ("accepted", "asked", "wrong")
        }
        rows.append({"snr_db": snr_db, **shares})
    passed = [counted(list(others), one)["wrong"] / len(others) for one in _GATES]
    return {"gate_in_use": gate, "gates": _GATES, "orders": rows, "rejects_accepted": passed}


def write_curve(
    path: Path, orders: Mapping[float | None, Sequence[Heard]], others: Sequence[Heard], gate: float
) -> None:
    """`path` gets the data of `trade` as JSON, and the file beside it with the suffix .png its picture."""
    data = trade(orders, others, gate)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
    curves = [Curve("rejects accepted", data["gates"], [100 * x for x in data["rejects_accepted"]])]
    for row in data["orders"]:
        name = "clean" if row["snr_db"] is None else f"{row['snr_db']:g} db"
        passed = zip(row["accepted"], row["asked"], strict=True)
        curves.append(Curve(f"orders right: {name}", data["gates"], [100 * (a + b) for a, b in passed]))
        curves.append(Curve(f"orders wrong: {name}", data["gates"], [100 * x for x in row["wrong"]]))
    title = f"gate: nats per token (in use {gate:g})   percent that pass"
    path.with_suffix(".png").write_bytes(draw(title, curves, marked=gate))
