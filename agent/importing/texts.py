"""From the bytes of a file to its text, whatever program has saved it."""

from __future__ import annotations

import codecs

from agent.importing.findings import Findings

LARGEST_FILE_BYTES = 64 << 20
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_SIGNS = frozenset("–—„”“’‘…°×²³½¼µ®™§ €")


def text_of(data: bytes, findings: Findings, *, spreadsheet: bool) -> str | None:
    """The text, with lines ended by line feeds. None, and a fault, where it is none.

    UTF-8, or UTF-16 and UTF-32 with a byte order mark. A `spreadsheet` may also be in Windows-1250, as it is
    saved in Central Europe: that is taken, with a warning, where every letter makes sense in it.
    """
    if len(data) > LARGEST_FILE_BYTES:
        findings.fault(0, f"the file has {len(data)} bytes, {LARGEST_FILE_BYTES} are taken")
        return None
    encoding = "utf-8"
    for mark, of_mark in _MARKS:
        if data.startswith(mark):
            encoding, data = of_mark, data[len(mark) :]
            break
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        guessed = _central_european(data) if spreadsheet and encoding == "utf-8" else None
        if guessed is None:
            findings.fault(line, f"this is not {encoding.upper()}; save the file as UTF-8")
            return None
        findings.warning(line, "read as Windows-1250; look at the names, or save the file as UTF-8")
        text = guessed
    if "\0" in text:
        findings.fault(
            text.count("\n", 0, text.index("\0")) + 1, "there is a zero byte; save the file as text"
        )
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _central_european(data: bytes) -> str | None:
    """None where there are signs that no name of a product has: it is in another encoding."""
    try:
        text = data.decode("cp1250")
    except UnicodeDecodeError:
        return None
    return text if all(sign.isascii() or sign.isalpha() or sign in _SIGNS for sign in text) else None
