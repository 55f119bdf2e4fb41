"""What others wrote, made fit for a terminal: names, titles and reasons may hold more than letters."""

from __future__ import annotations


def plain(text: str) -> str:
    """`text` in one line, with all that a terminal would obey or hide (escape sequences, line ends, changes
    of writing direction, half characters) shown as `\\x1b` and the like."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
