"""A person's files, and how each is sealed: AES-256-GCM by the person's own key, as what it is and whose."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.deciding.verification import Voiceprint
from agent.plumbing import durable
from agent.plumbing.errors import TrustError
from agent.plumbing.speaker_models import GE2E
from agent.till.profiles import Profile

KEY, NOISE, PROFILE = ".key", ".noise", ".profile"
VOICE, NEWCOMER, MEMBER, FORGOTTEN = ".json", ".newcomer", ".member", ".forgotten"
RECORDS = (VOICE, NEWCOMER, MEMBER)
"""The file by which somebody is there, of three kinds: a voice that may order, one that nobody has admitted
yet, and somebody without a voice. A release that knows the first only does not see the others."""

Plain = TypeVar("Plain")


class VoiceRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """PSEUDONYM.json, as every release has read it."""

    name: str
    enrolled_at: int
    nonce: bytes
    voiceprint: bytes
    model: str = GE2E


class MemberRecord(msgspec.Struct, frozen=True):
    """PSEUDONYM.member."""

    name: str
    enrolled_at: int


class _Sealed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    nonce: bytes
    template: bytes


class Found(NamedTuple):
    """What one person's files say."""

    name: str
    enrolled_at: int
    voiceprint: Voiceprint | None
    profile: Profile


def new_key() -> bytes:
    """A key of one person's own."""
    return AESGCM.generate_key(bit_length=256)


def write_voice(path: Path, key: bytes, name: str, enrolled_at: int, voiceprint: Voiceprint) -> None:
    """PSEUDONYM.noise, then `path`, the record by which the person is there. Raises OSError."""
    owner = path.stem + _of(voiceprint.model)
    if voiceprint.in_noise is not None:
        _write_sealed(path.with_suffix(NOISE), key, voiceprint.in_noise, owner + NOISE)
    clean = _seal(key, voiceprint.clean, owner)
    record = VoiceRecord(name, enrolled_at, clean.nonce, clean.template, voiceprint.model)
    durable.write(path, msgspec.json.encode(record), mode=0o600)


def write_profile(path: Path, key: bytes, profile: Profile) -> None:
    """PSEUDONYM.profile. Raises OSError."""
    _write_sealed(path, key, profile, path.stem + PROFILE)


def read(path: Path) -> Found:
    """All of the person of the record `path`. Raises TrustError voiceprint_damaged."""
    try:
        key = path.with_suffix(KEY).read_bytes()
        profile_file, profile = path.with_suffix(PROFILE), Profile()
        if profile_file.exists():
            profile = _open_file(profile_file, key, path.stem + PROFILE, Profile)
        if path.suffix == MEMBER:
            member = msgspec.json.decode(path.read_bytes(), type=MemberRecord)
            return Found(member.name, member.enrolled_at, None, profile)
        record = msgspec.json.decode(path.read_bytes(), type=VoiceRecord)
        owner = path.stem + _of(record.model)
        clean = _open(key, _Sealed(record.nonce, record.voiceprint), owner, tuple[float, ...])
        noise_file, in_noise = path.with_suffix(NOISE), None
        if noise_file.exists():
            in_noise = _open_file(noise_file, key, owner + NOISE, tuple[float, ...])
    except (OSError, ValueError, InvalidTag) as error:
        raise TrustError(
            "voiceprint_damaged", f"{path.name}: {type(error).__name__}", f"remove {path} and enrol again"
        ) from error
    return Found(record.name, record.enrolled_at, Voiceprint(record.model, clean, in_noise), profile)


def _of(model: str) -> str:
    return "" if model == GE2E else f" of {model}"


def _write_sealed(path: Path, key: bytes, plain: object, owner: str) -> None:
    durable.write(path, msgspec.json.encode(_seal(key, plain, owner)), mode=0o600)


def _seal(key: bytes, plain: object, owner: str) -> _Sealed:
    nonce = os.urandom(12)
    return _Sealed(nonce, AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(plain), owner.encode()))


def _open_file(path: Path, key: bytes, owner: str, type_: type[Plain]) -> Plain:
    return _open(key, msgspec.json.decode(path.read_bytes(), type=_Sealed), owner, type_)


def _open(key: bytes, sealed: _Sealed, owner: str, type_: type[Plain]) -> Plain:
    """Raises InvalidTag or ValueError for what was altered, or sealed as another owner's."""
    plain = AESGCM(key).decrypt(sealed.nonce, sealed.template, owner.encode())
    return msgspec.msgpack.decode(plain, type=type_)
