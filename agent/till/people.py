"""The enrolled: one encrypted voiceprint a person. Destroying the person's key is the erasure (GDPR Art.
17)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.deciding.verification import Voiceprint
from agent.plumbing import durable
from agent.plumbing.errors import JournalError, TrustError
from agent.plumbing.speaker_models import GE2E

_PSEUDONYM = re.compile(r"p-[0-9a-f]{8}")
_NOISE = ".noise"


class _Record(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    name: str
    enrolled_at: int
    nonce: bytes
    voiceprint: bytes
    model: str = GE2E


@dataclass(frozen=True)
class Person:
    """`pseudonym` is all that ever leaves the device; `enrolled_at` (Unix seconds) is also when consent was
    given."""

    pseudonym: str
    name: str
    enrolled_at: int
    voiceprint: Voiceprint


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nonce: bytes
    template: bytes


class People:
    """Voiceprints under `folder` (mode 0700): NAME.json with the AES-256-GCM ciphertext of the clean
    template, NAME.noise with that of the one in noise (absent where there is none), and NAME.key, which opens
    both.

    Two files, and no model named where it is the one there always was, so that an earlier release, after a
    rollback, reads the first as it always did. The model is sealed in: a template cannot be passed off as
    another model's.
    """

    def __init__(self, folder: Path) -> None:
        """Reads all; one that was altered or has lost its key is left out and stands in `problems`
        (voiceprint_damaged)."""
        self._folder = folder
        self.problems: list[TrustError] = []
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._people: dict[str, Person] = {}
        for path in sorted(folder.glob("p-*.json")):
            try:
                self._people[path.stem] = self._read(path)
            except TrustError as problem:
                self.problems.append(problem)

    def __len__(self) -> int:
        return len(self._people)

    def all(self) -> tuple[Person, ...]:
        return tuple(self._people.values())

    def voiceprints(self) -> Mapping[str, Voiceprint]:
        """Pseudonym to voiceprint."""
        return {person.pseudonym: person.voiceprint for person in self._people.values()}

    def add(self, name: str, voiceprint: Voiceprint, *, now_s: int) -> Person:
        """Keeps a person who agreed; the files are on disk when it returns. Raises JournalError
        people_unwritable, and nobody is kept then."""
        person = Person(f"p-{os.urandom(4).hex()}", name, now_s, voiceprint)
        key = AESGCM.generate_key(bit_length=256)
        sealed_as = person.pseudonym + _of(voiceprint.model)
        clean = _seal(key, voiceprint.clean, sealed_as)
        with _writing(self._folder):
            try:
                durable.write(self._folder / f"{person.pseudonym}.key", key, mode=0o600)
                if voiceprint.in_noise is not None:
                    noise = _seal(key, voiceprint.in_noise, sealed_as + _NOISE)
                    path = self._folder / (person.pseudonym + _NOISE)
                    durable.write(path, msgspec.json.encode(noise), mode=0o600)
                record = _Record(name, now_s, clean.nonce, clean.template, voiceprint.model)
                path = self._folder / f"{person.pseudonym}.json"
                durable.write(path, msgspec.json.encode(record), mode=0o600)
            except OSError:
                self._remove(person.pseudonym)
                raise
        self._people[person.pseudonym] = person
        return person

    def forget(self, pseudonym: str) -> bool:
        """Destroys key and template; False where nobody has that pseudonym. Raises JournalError
        people_unwritable: then the person is still there, and the next try may succeed."""
        if not _PSEUDONYM.fullmatch(pseudonym) or pseudonym not in self._people:
            return False
        with _writing(self._folder):
            self._remove(pseudonym)
        del self._people[pseudonym]
        return True

    def _read(self, path: Path) -> Person:
        try:
            record = msgspec.json.decode(path.read_bytes(), type=_Record)
            key = path.with_suffix(".key").read_bytes()
            sealed_as = path.stem + _of(record.model)
            clean = _open(key, _Sealed(record.nonce, record.voiceprint), sealed_as)
            noise_file, in_noise = path.with_suffix(_NOISE), None
            if noise_file.exists():
                noise = msgspec.json.decode(noise_file.read_bytes(), type=_Sealed)
                in_noise = _open(key, noise, sealed_as + _NOISE)
        except (OSError, ValueError, InvalidTag) as error:
            raise TrustError(
                "voiceprint_damaged", f"{path.name}: {type(error).__name__}", f"remove {path} and enrol again"
            ) from error
        return Person(path.stem, record.name, record.enrolled_at, Voiceprint(record.model, clean, in_noise))

    def _remove(self, pseudonym: str) -> None:
        for suffix in (".key", _NOISE, ".json"):
            (self._folder / f"{pseudonym}{suffix}").unlink(missing_ok=True)
        durable.flush(self._folder)


def _of(model: str) -> str:
    return "" if model == GE2E else f" of {model}"


def _seal(key: bytes, template: tuple[float, ...], owner: str) -> _Sealed:
    nonce = os.urandom(12)
    return _Sealed(nonce, AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(template), owner.encode()))


def _open(key: bytes, sealed: _Sealed, owner: str) -> tuple[float, ...]:
    """Raises InvalidTag or ValueError for what was altered, or sealed as another owner's."""
    plain = AESGCM(key).decrypt(sealed.nonce, sealed.template, owner.encode())
    return msgspec.msgpack.decode(plain, type=tuple[float, ...])


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalError(
            "people_unwritable", f"cannot write in {folder}: {error.strerror}", "earmark doctor"
        ) from error
