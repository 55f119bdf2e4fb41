"""The people of a device: each with a key of their own, which seals a voiceprint and a profile. Destroying
the key is the erasure (GDPR Art. 17)."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from agent.deciding.verification import Voiceprint
from agent.plumbing import durable
from agent.plumbing.errors import JournalError, TrustError
from agent.till import people_files as files
from agent.till.profiles import NO_PROFILE, Profile

_PSEUDONYM = re.compile(r"[pm]-[0-9a-f]{8}")


@dataclass(frozen=True)
class Person:
    """`pseudonym` is all that ever leaves the device; `enrolled_at` is in Unix seconds. `voiceprint` is None
    for somebody known by a PIN or badge only. Who is not `admitted` may order nothing."""

    pseudonym: str
    name: str
    enrolled_at: int
    voiceprint: Voiceprint | None
    profile: Profile = NO_PROFILE
    admitted: bool = True


class People:
    """Everybody under `folder` (mode 0700), each in files named by the pseudonym.

    NAME.json has the ciphertext of the clean template, NAME.noise that of the one in noise, NAME.profile that
    of the profile (the last two absent where there is none), and NAME.key opens them. NAME.newcomer stands in
    the place of NAME.json until the person is admitted, NAME.member where there is no voice. NAME.forgotten
    is all that is left of somebody until the last order of theirs has ended. An earlier release, after a
    rollback, reads the first two as it always did, and none of the others.
    """

    def __init__(self, folder: Path) -> None:
        """Reads all; one that was altered or has lost its key is left out and stands in `problems`
        (voiceprint_damaged). What a killed process left of somebody who was being enrolled or forgotten is
        removed."""
        self._folder = folder
        self.problems: list[TrustError] = []
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._people: dict[str, Person] = {}
        self._gone: set[str] = set()
        with contextlib.suppress(OSError):  # a disk that takes nothing is tidied at the next start
            self._tidy()
        forgotten = self.forgotten()
        for path in sorted(folder.iterdir()):
            if path.suffix not in files.RECORDS or not _PSEUDONYM.fullmatch(path.stem):
                continue
            if path.stem in forgotten:
                continue
            try:
                found = files.read(path)
            except TrustError as problem:
                self.problems.append(problem)
            else:
                self._people[path.stem] = Person(path.stem, *found, path.suffix != files.NEWCOMER)

    def __len__(self) -> int:
        """How many voices are known."""
        return sum(person.voiceprint is not None for person in self._people.values())

    def all(self) -> tuple[Person, ...]:
        return tuple(self._people.values())

    def get(self, pseudonym: str) -> Person | None:
        """The person of that pseudonym, or None."""
        return self._people.get(pseudonym)

    def voiceprints(self, *, admitted: bool = True) -> Mapping[str, Voiceprint]:
        """Pseudonym to voiceprint, of those who may order; of those who may not yet with `admitted` False."""
        return {
            person.pseudonym: person.voiceprint
            for person in self._people.values()
            if person.voiceprint is not None and person.admitted == admitted
        }

    def all_voiceprints(self) -> Mapping[str, Voiceprint]:
        """Pseudonym to voiceprint, of everybody."""
        return {**self.voiceprints(), **self.voiceprints(admitted=False)}

    def add(
        self,
        name: str,
        voiceprint: Voiceprint | None,
        *,
        now_s: int,
        profile: Profile | None = None,
        admitted: bool = True,
    ) -> Person:
        """Keeps a person who agreed, or one without a voice; the files are on disk when it returns. Raises
        JournalError people_unwritable, and nobody is kept then."""
        pseudonym = f"{'m' if voiceprint is None else 'p'}-{os.urandom(4).hex()}"
        person = Person(pseudonym, name, now_s, voiceprint, profile or NO_PROFILE, admitted)
        key = files.new_key()
        with _writing(self._folder):
            try:
                durable.write(self._path(pseudonym, files.KEY), key, mode=0o600)
                if profile is not None:
                    files.write_profile(self._path(pseudonym, files.PROFILE), key, profile)
                if voiceprint is None:
                    member = msgspec.json.encode(files.MemberRecord(name, now_s))
                    durable.write(self._path(pseudonym, files.MEMBER), member, mode=0o600)
                else:
                    record = files.VOICE if admitted else files.NEWCOMER
                    files.write_voice(self._path(pseudonym, record), key, name, now_s, voiceprint)
            except OSError:
                self._remove(pseudonym)
                raise
        self._people[pseudonym] = person
        return person

    def admit(self, pseudonym: str, name: str = "") -> Person:
        """Lets somebody order from now on, under `name` where one is given. Raises KeyError for nobody, and
        JournalError people_unwritable: nothing has changed then."""
        person = self._people[pseudonym]
        if person.admitted or person.voiceprint is None:
            return person
        admitted = replace(person, admitted=True, name=name or person.name)
        newcomer = self._path(pseudonym, files.NEWCOMER)
        with _writing(self._folder):
            if name:
                key = self._path(pseudonym, files.KEY).read_bytes()
                files.write_voice(newcomer, key, name, person.enrolled_at, person.voiceprint)
            durable.move(newcomer, self._path(pseudonym, files.VOICE))
        self._people[pseudonym] = admitted
        return admitted

    def relearn(self, pseudonym: str, voiceprint: Voiceprint, profile: Profile) -> None:
        """The same person with more of the voice. Raises KeyError for nobody, and JournalError
        people_unwritable; killed in the middle, each template is the new one or the one before."""
        person = self._people[pseudonym]
        record = self._path(pseudonym, files.VOICE if person.admitted else files.NEWCOMER)
        with _writing(self._folder):
            key = self._path(pseudonym, files.KEY).read_bytes()
            files.write_voice(record, key, person.name, person.enrolled_at, voiceprint)
            files.write_profile(self._path(pseudonym, files.PROFILE), key, profile)
        self._people[pseudonym] = replace(person, voiceprint=voiceprint, profile=profile)

    def keep_profile(self, pseudonym: str, profile: Profile) -> None:
        """On disk when it returns. Raises KeyError for nobody, and JournalError people_unwritable."""
        person = self._people[pseudonym]
        with _writing(self._folder):
            key = self._path(pseudonym, files.KEY).read_bytes()
            files.write_profile(self._path(pseudonym, files.PROFILE), key, profile)
        self._people[pseudonym] = replace(person, profile=profile)

    def forget(self, pseudonym: str) -> bool:
        """Destroys key, template and profile; False where nobody has that pseudonym. From its first step on
        the person is forgotten, and stands in `forgotten` until `erased`. Raises JournalError
        people_unwritable; the next try, or the next start, goes on."""
        if pseudonym not in self._people and pseudonym not in self.forgotten():
            return False
        with _writing(self._folder):
            durable.write(self._path(pseudonym, files.FORGOTTEN), b"", mode=0o600)
            self._people.pop(pseudonym, None)
            self._gone.add(pseudonym)
            self._remove(pseudonym)
        return True

    def forgotten(self) -> tuple[str, ...]:
        """Who is forgotten and may still be named elsewhere on the device."""
        return tuple(sorted(path.stem for path in self._folder.glob(f"[pm]-*{files.FORGOTTEN}")))

    def was_forgotten(self, pseudonym: str) -> bool:
        """Whether that was since this process started: a conversation that goes on must not name them."""
        return pseudonym in self._gone

    def is_kept(self, pseudonym: str) -> bool:
        """Whether somebody of that pseudonym is here, also if what is here of them cannot be read."""
        try:
            return any(self._path(pseudonym, suffix).exists() for suffix in files.RECORDS)
        except OSError:
            return True

    def erased(self, pseudonym: str) -> None:
        """Nothing on the device names them any more. Raises JournalError people_unwritable."""
        with _writing(self._folder):
            self._path(pseudonym, files.FORGOTTEN).unlink(missing_ok=True)
            durable.flush(self._folder)

    def _path(self, pseudonym: str, suffix: str) -> Path:
        return self._folder / f"{pseudonym}{suffix}"

    def _remove(self, pseudonym: str) -> None:
        for suffix in (files.KEY, files.PROFILE, files.NOISE, *files.RECORDS):
            self._path(pseudonym, suffix).unlink(missing_ok=True)
            self._folder.joinpath(f".{pseudonym}{suffix}.new").unlink(missing_ok=True)
        durable.flush(self._folder)

    def _tidy(self) -> None:
        """Whoever is forgotten goes, and files without the record that makes them a person's."""
        begun = {path.name.removeprefix(".").split(".")[0] for path in self._folder.iterdir()}
        forgotten = self.forgotten()
        for pseudonym in sorted(filter(_PSEUDONYM.fullmatch, begun)):
            known = any(self._path(pseudonym, suffix).exists() for suffix in files.RECORDS)
            if pseudonym in forgotten or not known:
                self._remove(pseudonym)
        for temporary in self._folder.glob(".[pm]-*.new"):
            temporary.unlink()


@contextmanager
def _writing(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise JournalError(
            "people_unwritable", f"cannot write in {folder}: {error.strerror}", "earmark doctor"
        ) from error
