"""Mail addresses that can be written into an envelope and a header as they stand, and host names."""

from __future__ import annotations

import re

from agent.plumbing.errors import ConfigurationError

LONGEST_ADDRESS = 254  # RFC 5321, 4.5.3.1.3 less the angle brackets
_LONGEST_LOCAL_PART = 64
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")


def mail_address(text: str, code: str) -> str:
    """`text` where it is one plain address (RFC 5321 dot-string at a host name with a dot).

    What the standard allows beyond that (quoted names, comments, address literals) is refused rather than
    understood: no line end, comma, bracket or letter outside ASCII gets into a header.
    Raises ConfigurationError with that `code`.
    """
    match = _ADDRESS.fullmatch(text)
    if match and len(text) <= LONGEST_ADDRESS and len(match["local"]) <= _LONGEST_LOCAL_PART:
        return text
    raise ConfigurationError(
        code,
        "that is not one plain mail address"
        + ("" if text.isascii() else ": it holds letters outside ASCII")
        + ("" if len(text) <= LONGEST_ADDRESS else f": it is longer than {LONGEST_ADDRESS} characters"),
        "write it like anna@example.org, without name, brackets and spaces",
    )


def host_name(text: str) -> bool:
    """Whether it is one, in ASCII (RFC 1123)."""
    return len(text) <= 253 and _HOST.fullmatch(text) is not None
