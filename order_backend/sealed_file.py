"""A file that only the holder of a key can read or have changed: AES-256-GCM in pieces, each bound to its
place and the last one marked (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so
that a cut or reordered file is noticed as well.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from agent.plumbing.errors import ConfigurationError

_MAGIC = b"earmark-backup-1\n"
_SALT_BYTES = 32
_PIECE_BYTES = 1 << 20
_TAG_BYTES = 16


def make_key(path: Path) -> bytes:
    """A new random key in `path`, for its owner only. Raises ConfigurationError backup_key."""
    key = os.urandom(32)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(base64.b64encode(key) + b"\n")
    except OSError as error:
        raise ConfigurationError("backup_key", f"cannot make {path}: {error.strerror}") from error
    return key


def read_key(path: Path) -> bytes:
    """What `make_key` wrote. Raises ConfigurationError backup_key."""
    try:
        key = base64.b64decode(path.read_bytes(), validate=False)
    except OSError as error:
        raise ConfigurationError("backup_key", f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigurationError("backup_key", f"{path} holds no key of a backup") from error
    if len(key) != 32:
        raise ConfigurationError("backup_key", f"{path} holds no key of a backup")
    return key


class SealedWriter:
    """`write` as often as wanted, then `close`, without which the file cannot be read."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        salt = os.urandom(_SALT_BYTES)
        file.write(_MAGIC + salt)
        self._file, self._cipher, self._number = file, _cipher(key, salt), 0
        self._held = bytearray()

    def write(self, data: bytes) -> int:
        self._held += data
        while len(self._held) > _PIECE_BYTES:  # the last one is kept back: it is marked
            self._seal(bytes(self._held[:_PIECE_BYTES]), last=False)
            del self._held[:_PIECE_BYTES]
        return len(data)

    def close(self) -> None:
        self._seal(bytes(self._held), last=True)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._number, last), piece, None))
        self._number += 1


class SealedReader:
    """`read` gives nothing that was altered. Raises ConfigurationError backup_sealed where the key is another
    one, or the file is none, cut or changed."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        magic, salt = file.read(len(_MAGIC)), file.read(_SALT_BYTES)
        if magic != _MAGIC or len(salt) != _SALT_BYTES:
            raise ConfigurationError("backup_sealed", "this is no backup of earmark-backend")
        self._file, self._cipher, self._number = file, _cipher(key, salt), 0
        self._next = file.read(_PIECE_BYTES + _TAG_BYTES)
        self._held, self._ended = b"", False

    def read(self, size: int) -> bytes:
        """As many bytes, fewer only at the end."""
        while len(self._held) < size and not self._ended:
            self._held += self._open()
        data, self._held = self._held[:size], self._held[size:]
        return data

    def _open(self) -> bytes:
        piece, self._next = self._next, self._file.read(_PIECE_BYTES + _TAG_BYTES)
        self._ended = not self._next
        try:
            plain = self._cipher.decrypt(_nonce(self._number, self._ended), piece, None)
        except InvalidTag as error:
            raise ConfigurationError(
                "backup_sealed", "another key, or the file was cut or changed", "take another copy"
            ) from error
        self._number += 1
        return plain


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    # A key of each file's own, so that no nonce is used twice.
    return AESGCM(HKDF(SHA256(), 32, salt, _MAGIC).derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
