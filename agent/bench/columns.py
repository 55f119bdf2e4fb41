"""What is understood in each kind of noise, as data and picture."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from agent.bench.picture import Curve, draw
from agent.plumbing.errors import AudioError

_FILE = "file"


def write_columns(path: Path, result: Mapping[str, Any]) -> None:
    """`path` gets {kind: [row, ...]} of the orders benchmark as JSON, the noise of `--noise` as "file", and
    the file beside it with the suffix .png a picture: share accepted over the signal-to-noise ratio, a curve
    for each kind. Kinds that were measured at one ratio only are not drawn.

    Kinds and ratios that `path` holds already and `result` does not stay, so that a long run may be made in
    parts.
    Raises AudioError bench_columns where it holds something else.
    """
    columns = measured_before(path)
    measured = dict(result["noise_kinds"])
    if any(row["snr_db"] is not None for row in result["results"]):
        measured[_FILE] = result["results"]
    for name, rows in measured.items():
        both = {row["snr_db"]: row for row in (*columns.get(name, ()), *rows)}
        columns[name] = sorted(both.values(), key=lambda row: -(row["snr_db"] or 0.0))
    path.write_bytes(msgspec.json.format(msgspec.json.encode(columns), indent=1) + b"\n")
    curves = [curve for name, rows in columns.items() if len((curve := _curve(name, rows)).x) > 1]
    if curves:
        title = "db signal to noise   percent of orders accepted"
        lowest = min(y for curve in curves for y in curve.y)
        picture = draw(title, curves, marked=min(curves[0].x), lowest=10 * int(min(lowest, 90.0) // 10))
        path.with_suffix(".png").write_bytes(picture)


def measured_before(path: Path) -> dict[str, Any]:
    """{kind: [row, ...]} of earlier runs. Raises AudioError bench_columns."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, list[dict[str, Any]]])
    except FileNotFoundError:
        return {}
    except msgspec.MsgspecError as error:
        raise AudioError("bench_columns", f"{path}: {error}", "name another file") from error


def _curve(name: str, rows: list[dict[str, Any]]) -> Curve:
    noisy = [row for row in reversed(rows) if row["snr_db"] is not None]
    return Curve(
        name, [row["snr_db"] for row in noisy], [100 * row["accepted"] / row["utterances"] for row in noisy]
    )
