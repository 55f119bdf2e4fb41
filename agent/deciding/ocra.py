"""Short codes that answer a question: OCRA (RFC 6287), with a question and, where the suite asks for it, the
minute."""

from __future__ import annotations

import re

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.hmac import HMAC

_SUITE = re.compile(r"OCRA-1:HOTP-(SHA1|SHA256|SHA512)-([4-9]|10):Q[ANH][0-9]{2}(-T1M)?")
_QUESTION_BYTES = 128
_Hash = type[hashes.SHA1] | type[hashes.SHA256] | type[hashes.SHA512]
_HASHES: dict[str, _Hash] = {"SHA1": hashes.SHA1, "SHA256": hashes.SHA256, "SHA512": hashes.SHA512}


def ocra(suite: str, key: bytes, question: bytes, minute: int = 0) -> str:
    """The code of as many digits as `suite` names (RFC 6287, 5.1 and 5.2; truncated as in RFC 4226, 5.3).
    `key` is the secret of both sides; `question` is as its format is packed there, at most 128 bytes;
    `minute` counts from the Unix epoch, and only where the suite ends in -T1M.

    Raises ValueError for a suite with other parts, or a question that is too long.
    """
    parts = _SUITE.fullmatch(suite)
    if parts is None or len(question) > _QUESTION_BYTES:
        raise ValueError(f"no such suite, or too long a question: {suite}")
    mac = HMAC(key, _HASHES[parts[1]]())
    mac.update(suite.encode() + b"\0" + question.ljust(_QUESTION_BYTES, b"\0"))
    if parts[3]:
        mac.update(minute.to_bytes(8, "big"))
    tag = mac.finalize()
    offset = tag[-1] & 0x0F
    number = int.from_bytes(tag[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10 ** int(parts[2])).zfill(int(parts[2]))
