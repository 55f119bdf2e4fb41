"""The signing key in a TPM 2.0: made from the chip's own seed, never outside it.

What is kept on disk is no key but a secret that goes into the key's template (TPM 2.0 Library, part 1,
"Primary Seed Derivation"): the same chip and the same secret give the same key, either alone gives none. So
there is no blob to lose, and whoever may open the TPM's device but not the file signs nothing.

Four commands of part 3 are spoken here by themselves, because the bindings to the TSS have no wheels.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import select
import socket
import stat
import struct
import time
from pathlib import Path
from typing import Annotated

import msgspec

from agent.committing import jws
from agent.committing.jws import PublicJwk
from agent.committing.keys import read_private, write_private
from agent.plumbing.errors import TrustError

TPM_KEY = "signing.tpm"
"""Under keys_dir: the secret half of the template, and the name of the key that it made."""

_RESPONSE_S = 30.0
_SESSIONS, _NO_SESSIONS = 0x8002, 0x8001
_CREATE_PRIMARY, _SIGN, _FLUSH_CONTEXT = 0x131, 0x15D, 0x165
_OWNER, _NULL_HIERARCHY, _PASSWORD_SESSION = 0x4000_0001, 0x4000_0007, 0x4000_0009
_SHA256, _NULL, _ECDSA, _ECC, _P256, _HASH_CHECK = 0x000B, 0x0010, 0x0018, 0x0023, 0x0003, 0x8024
# fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA, sign
_ATTRIBUTES = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 6 | 1 << 10 | 1 << 18
_BUSY = (0x908, 0x90A, 0x922)  # yielded, testing, retry
_TRIES = 20
_LONGEST_RESPONSE = 4096


class _Stored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    secret: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    kid: str = ""


class TpmError(TrustError):
    """key_store_unavailable, with the response code that the TPM gave (0 where it gave none)."""

    def __init__(self, detail: str, next_step: str, response_code: int = 0) -> None:
        super().__init__("key_store_unavailable", detail, next_step)
        self.response_code = response_code

    def __reduce__(self) -> tuple[type[TpmError], tuple[str, str, int]]:  # type: ignore[override]
        return type(self), (self.detail, self.next_step, self.response_code)


class TpmSigner:
    """A `jws.Signer` over a TPM's device (`/dev/tpmrm0`) or the Unix socket of one."""

    def __init__(self, tpm: Path, secret: bytes, kid: str = "") -> None:
        """`secret`: 32 bytes. Raises TrustError key_store_unavailable, and key_store_changed where the TPM
        makes another key than `kid` now."""
        self._chip = _Chip(tpm)
        self._secret, self._session_secret = secret, secrets.token_bytes(32)
        try:
            self._handle, self.public = self._make()
        except TrustError:
            self._chip.close()
            raise
        if kid and self.public.kid != kid:
            self.close()
            raise TrustError(
                "key_store_changed",
                f"{tpm} makes another key than the shop admitted: it was cleared, or is another TPM",
                "earmark provision --help; then let the shop admit this device anew",
            )

    @staticmethod
    def create(tpm: Path, keys_dir: Path, name: str = TPM_KEY) -> TpmSigner:
        """Raises TrustError key_exists, key_store_unavailable."""
        secret = secrets.token_bytes(32)
        signer = TpmSigner(tpm, secret)
        stored = _Stored(secret.hex(), signer.public.kid)
        try:
            write_private(keys_dir / name, msgspec.json.encode(stored))
        except TrustError:
            signer.close()
            raise
        return signer

    @staticmethod
    def load(tpm: Path, keys_dir: Path, name: str = TPM_KEY) -> TpmSigner:
        """Raises TrustError: key_missing, key_readable_by_others, key_unusable, key_store_unavailable,
        key_store_changed."""
        path = keys_dir / name
        try:
            stored = msgspec.json.decode(read_private(path), type=_Stored)
        except msgspec.DecodeError as error:
            raise TrustError("key_unusable", f"{path} is damaged", "put it back from a copy") from error
        return TpmSigner(tpm, bytes.fromhex(stored.secret), stored.kid)

    def sign_es256(self, signing_input: bytes) -> bytes:
        """Raises TrustError: key_store_unavailable, key_store_changed."""
        digest = hashlib.sha256(signing_input).digest()
        try:
            return self._signature(digest)
        except TpmError as error:
            if not error.response_code:
                raise
        # A TPM that was reset has forgotten what was loaded; the key itself comes back from its seed.
        self._handle, public = self._make()
        if public != self.public:
            raise TrustError(
                "key_store_changed", "the TPM was cleared while the device ran", "earmark doctor"
            )
        return self._signature(digest)

    def close(self) -> None:
        """Takes the key out of the TPM's memory."""
        try:
            self._chip.command(_FLUSH_CONTEXT, struct.pack(">I", self._handle))
        except TrustError:
            pass  # it is gone, and the key with it
        finally:
            self._chip.close()

    def _make(self) -> tuple[int, PublicJwk]:
        sensitive = _sized(_sized(self._session_secret) + _sized(b""))
        template = struct.pack(">HHI", _ECC, _SHA256, _ATTRIBUTES) + _sized(b"")
        template += struct.pack(">HHHHH", _NULL, _ECDSA, _SHA256, _P256, _NULL)
        template += _sized(self._secret) + _sized(b"")
        parameters = sensitive + _sized(template) + _sized(b"") + struct.pack(">I", 0)
        answer = self._chip.command(_CREATE_PRIMARY, struct.pack(">I", _OWNER), parameters, password=b"")
        handle = answer.number(4)
        answer.number(4)  # the size of the parameters
        public = _Answer(answer.sized())
        public.take(8)  # type, name algorithm, attributes
        public.sized()  # authPolicy
        public.take(10)
        x, y = public.sized(), public.sized()
        return handle, jws.jwk_of_point(x.rjust(32, b"\0"), y.rjust(32, b"\0"))

    def _signature(self, digest: bytes) -> bytes:
        ticket = struct.pack(">HI", _HASH_CHECK, _NULL_HIERARCHY) + _sized(b"")
        parameters = _sized(digest) + struct.pack(">H", _NULL) + ticket
        handle = struct.pack(">I", self._handle)
        answer = self._chip.command(_SIGN, handle, parameters, password=self._session_secret)
        answer.take(8)  # the size of the parameters, ECDSA, SHA-256
        r, s = answer.sized(), answer.sized()
        return r.rjust(32, b"\0") + s.rjust(32, b"\0")


class _Answer:
    """Reads a response from its beginning; one that is too short is a TPM that cannot be used."""

    def __init__(self, content: bytes) -> None:
        self._content, self._at = content, 0

    def take(self, size: int) -> bytes:
        part = self._content[self._at : self._at + size]
        if len(part) < size:
            raise TpmError("the TPM's answer is cut short", "earmark doctor")
        self._at += size
        return part

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size))

    def sized(self) -> bytes:
        return self.take(self.number(2))


class _Chip:
    """One open TPM. The resource manager of the kernel keeps what is loaded here apart from all others."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._step = f"ls -l {path}; docs/installing.md says how the device gets its TPM"
        try:
            if stat.S_ISSOCK(path.stat().st_mode):
                with socket.socket(socket.AF_UNIX) as link:
                    link.settimeout(_RESPONSE_S)
                    link.connect(str(path))
                    self._fd = link.detach()
                os.set_blocking(self._fd, True)
            else:
                self._fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        except OSError as error:
            raise TpmError(f"cannot open the TPM {path}: {error.strerror}", self._step) from error

    def command(
        self, code: int, handle: bytes, parameters: bytes = b"", *, password: bytes | None = None
    ) -> _Answer:
        """The response after its header. Raises TpmError with the response code where it is not success."""
        authorisation = b""
        if password is not None:
            area = struct.pack(">I", _PASSWORD_SESSION) + _sized(b"") + b"\0" + _sized(password)
            authorisation = struct.pack(">I", len(area)) + area
        body = handle + authorisation + parameters
        tag = _NO_SESSIONS if password is None else _SESSIONS
        command = struct.pack(">HII", tag, 10 + len(body), code) + body
        response_code = 0
        for tried in range(_TRIES):
            response_code, answer = self._exchange(command)
            if response_code == 0:
                return answer
            if response_code not in _BUSY:
                break
            time.sleep(0.01 * tried)
        raise TpmError(
            f"the TPM {self._path} refused: response code 0x{response_code:03x}", self._step, response_code
        )

    def _exchange(self, command: bytes) -> tuple[int, _Answer]:
        try:
            if os.write(self._fd, command) != len(command):
                raise TpmError(f"the TPM {self._path} took half a command", self._step)
            response = self._read()
            while 0 < len(response) < max(10, int.from_bytes(response[2:6])) and (more := self._read()):
                response += more
        except OSError as error:
            raise TpmError(f"the TPM {self._path} does not answer: {error.strerror}", self._step) from error
        answer = _Answer(response)
        answer.take(6)
        return answer.number(4), answer

    def _read(self) -> bytes:
        """A device gives a response whole, a socket perhaps in parts."""
        if not select.select([self._fd], [], [], _RESPONSE_S)[0]:
            raise TpmError(f"the TPM {self._path} does not answer within {_RESPONSE_S:.0f} s", self._step)
        return os.read(self._fd, _LONGEST_RESPONSE)

    def close(self) -> None:
        os.close(self._fd)


def _sized(content: bytes) -> bytes:
    return struct.pack(">H", len(content)) + content
