"""What is understood in each kind of noise, as data and picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.bench.picture import Curve, draw


def write_columns(path: Path, result: Mapping[str, Any]) -> None:
    """`path` gets "results" and "noise_kinds" of the orders benchmark as JSON, and the file beside it with
    the suffix .png a picture: share accepted over the signal-to-noise ratio, a curve for each kind. Kinds
    that were measured at one ratio only are not drawn."""
    data = {"results": result["results"], "noise_kinds": result["noise_kinds"]}
    path.write_bytes(msgspec.json.format(msgspec.json.encode(data), indent=1) + b"\n")
    noisy = [row for row in data["results"] if row["snr_db"] is not None]
    curves = [
        _curve(name, rows) for name, rows in {"file": noisy, **data["noise_kinds"]}.items() if len(rows) > 1
    ]
    if curves:
        title = "db signal to noise   percent of orders accepted"
        path.with_suffix(".png").write_bytes(draw(title, curves, marked=min(curves[0].x)))


def _curve(name: str, rows: list[dict[str, Any]]) -> Curve:
    rows = sorted(rows, key=lambda row: row["snr_db"])
    return Curve(
        name, [row["snr_db"] for row in rows], [100 * row["accepted"] / row["utterances"] for row in rows]
    )
