"""A line chart as PNG, without a plotting library: that would be the device's largest dependency, for one
picture.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

_WIDTH, _HEIGHT = 1_000, 560
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 720, 40, 510
_SCALE = 2  # pixels for one dot of a letter
_COLOURS = (
    *((0, 0, 0), (31, 119, 180), (214, 39, 40), (44, 160, 44), (255, 127, 14)),
    *((148, 103, 189), (140, 86, 75), (227, 119, 194), (23, 190, 207), (127, 127, 127)),
)

# Three by five dots: a digit for each row, read as three bits.
_GLYPHS = (
    "075557 126227 271747 371717 455711 574717 674757 771122 875757 975717 .00002 -00700 %51245 "
    ":02020 a25755 b65656 c34443 d65556 e74647 f74644 g34553 h55755 i72227 j11152 k55655 l44447 "
    "m57755 n65555 o25552 p65644 q25563 r65655 s34216 t72222 u55557 v55552 w55775 x55255 y55222 "
    "z71247 (12221 )42224"
)
_LETTERS = {glyph[0]: glyph[1:] for glyph in _GLYPHS.split()}

Canvas = npt.NDArray[np.uint8]


class Curve(NamedTuple):
    """Points (x, y) in the order of x; y in percent."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def draw(title: str, curves: Sequence[Curve], *, marked: float, lowest: int = 0) -> bytes:
    """The curves in one frame, `lowest` to 100 % upwards, with a line at x = `marked`; a PNG file."""
    canvas: Canvas = np.full((_HEIGHT, _WIDTH, 3), 255, np.uint8)
    low, high = min(min(c.x) for c in curves), max(max(c.x) for c in curves)

    def at(x: float, y: float) -> tuple[float, float]:
        return _LEFT + (x - low) / (high - low) * (_RIGHT - _LEFT), _BOTTOM - (y - lowest) / (
            100 - lowest
        ) * (_BOTTOM - _TOP)

    _write(canvas, title, _LEFT, 12, (0, 0, 0))
    for percent in range(lowest, 101, max(1, (100 - lowest) // 10)):
        _line(canvas, at(low, percent), at(high, percent), (225, 225, 225))
        _write(canvas, f"{percent:>3}", _LEFT - 32, int(at(low, percent)[1]) - 5, (0, 0, 0))
    for x in np.linspace(low, high, 7):
        _line(canvas, at(x, lowest), at(x, 100), (225, 225, 225))
        _write(canvas, f"{x:.1f}", int(at(x, lowest)[0]) - 14, _BOTTOM + 10, (0, 0, 0))
    _line(canvas, at(marked, lowest), at(marked, 100), (90, 90, 90))
    for number, curve in enumerate(curves):
        colour = _COLOURS[number % len(_COLOURS)]
        points = [at(x, y) for x, y in zip(curve.x, curve.y, strict=True)]
        for one, other in pairwise(points):
            _line(canvas, one, other, colour, thick=True)
        _write(canvas, curve.name, _RIGHT + 16, _TOP + 16 * number, colour)
    return _png(canvas)


def _line(
    canvas: Canvas,
    one: tuple[float, float],
    other: tuple[float, float],
    colour: tuple[int, int, int],
    *,
    thick: bool = False,
) -> None:
    steps = int(max(abs(other[0] - one[0]), abs(other[1] - one[1]))) + 1
    x = np.linspace(one[0], other[0], steps + 1).round().astype(int).clip(0, _WIDTH - 2)
    y = np.linspace(one[1], other[1], steps + 1).round().astype(int).clip(0, _HEIGHT - 2)
    canvas[y, x] = colour
    if thick:
        canvas[y + 1, x] = colour
        canvas[y, x + 1] = colour


def _write(canvas: Canvas, text: str, x: int, y: int, colour: tuple[int, int, int]) -> None:
    for letter in text.lower():
        for row, bits in enumerate(_LETTERS.get(letter, "00000")):
            for column in range(3):
                if int(bits) & 4 >> column:
                    top, left = y + row * _SCALE, x + column * _SCALE
                    canvas[top : top + _SCALE, left : left + _SCALE] = colour
        x += 4 * _SCALE


def _png(canvas: Canvas) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = canvas.shape
    rows = b"".join(b"\0" + row.tobytes() for row in canvas)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        (chunk(b"IHDR", header), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b""))
    )
