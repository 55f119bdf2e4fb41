"""Voiceprints at rest: encrypted, erased with their key; a damaged one does not silence the others."""

from __future__ import annotations

import stat
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from agent.deciding.verification import Voiceprint
from agent.plumbing.speaker_models import GE2E
from agent.till.people import People
from agent.till.profiles import Consent, Profile, Session

TEMPLATE = tuple(float(number) for number in range(8))
BOTH = Voiceprint(GE2E, TEMPLATE, TEMPLATE[::-1])
PROFILE = Profile(Consent("may I?", "yes learn my voice", 5, "en"), "parent", True, (Session(5, "en", 5),))


@pytest.mark.parametrize("voiceprint", [BOTH, Voiceprint(GE2E, TEMPLATE)])
def test_a_person_survives_a_restart(tmp_path: Path, voiceprint: Voiceprint) -> None:
    person = People(tmp_path).add("Anna", voiceprint, now_s=5)
    assert People(tmp_path).all() == (person,)
    assert person.voiceprint == voiceprint


def test_a_record_of_one_template_as_earlier_releases_wrote_it_is_read(tmp_path: Path) -> None:
    key, nonce = bytes(range(32)), bytes(12)
    sealed = AESGCM(key).encrypt(nonce, msgspec.msgpack.encode(TEMPLATE), b"p-0000000a")
    record = {"name": "Anna", "enrolled_at": 5, "nonce": nonce, "voiceprint": sealed}
    (tmp_path / "p-0000000a.key").write_bytes(key)
    (tmp_path / "p-0000000a.json").write_bytes(msgspec.json.encode(record))
    people = People(tmp_path)
    assert people.problems == []
    assert people.voiceprints() == {"p-0000000a": Voiceprint(GE2E, TEMPLATE)}


def test_an_earlier_release_finds_its_record_as_it_was(tmp_path: Path) -> None:
    """After a rollback the first file must be what that release reads: these four fields, one template."""
    person = People(tmp_path).add("Anna", BOTH, now_s=5)
    record = msgspec.json.decode((tmp_path / f"{person.pseudonym}.json").read_bytes(), type=dict[str, object])
    assert record.keys() == {"name", "enrolled_at", "nonce", "voiceprint"}
    key = (tmp_path / f"{person.pseudonym}.key").read_bytes()
    nonce, sealed = (msgspec.convert(record[name], bytes, strict=False) for name in ("nonce", "voiceprint"))
    plain = AESGCM(key).decrypt(nonce, sealed, person.pseudonym.encode())
    assert msgspec.msgpack.decode(plain, type=tuple[float, ...]) == TEMPLATE


def test_a_voice_of_another_model_is_read_as_such_and_cannot_be_passed_off_as_this_ones(
    tmp_path: Path,
) -> None:
    voiceprint = Voiceprint("speaker-ecapa:0575cb64845e", TEMPLATE, TEMPLATE[::-1])
    person = People(tmp_path).add("Anna", voiceprint, now_s=5)
    assert People(tmp_path).all() == (person,)
    path = tmp_path / f"{person.pseudonym}.json"
    record = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    assert record.pop("model") == voiceprint.model
    path.write_bytes(msgspec.json.encode(record))
    again = People(tmp_path)
    assert again.all() == ()
    assert [problem.code for problem in again.problems] == ["voiceprint_damaged"]


def test_files_are_for_the_owner_alone_and_hold_no_template(tmp_path: Path) -> None:
    People(tmp_path).add("Anna", BOTH, now_s=5)
    assert len(list(tmp_path.iterdir())) == 3
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        for template in (BOTH.clean, BOTH.in_noise):
            assert msgspec.msgpack.encode(template) not in path.read_bytes()


def test_forgetting_destroys_the_key_and_is_remembered_until_nothing_names_them(tmp_path: Path) -> None:
    people = People(tmp_path)
    person = people.add("Anna", BOTH, now_s=5, profile=PROFILE)
    assert people.forget(person.pseudonym)
    assert [path.name for path in tmp_path.iterdir()] == [f"{person.pseudonym}.forgotten"]
    assert people.forgotten() == People(tmp_path).forgotten() == (person.pseudonym,)
    people.erased(person.pseudonym)
    assert list(tmp_path.iterdir()) == []
    assert not people.forget(person.pseudonym)
    assert not people.forget("../../etc/passwd")


def test_a_profile_is_sealed_and_survives_a_restart(tmp_path: Path) -> None:
    people = People(tmp_path)
    anna = people.add("Anna", BOTH, now_s=5, profile=PROFILE)
    bert = people.add("Bert", BOTH, now_s=5)
    people.keep_profile(bert.pseudonym, Profile(remembers=True))
    found = {person.name: person.profile for person in People(tmp_path).all()}
    assert found == {"Anna": PROFILE, "Bert": Profile(remembers=True)}
    for path in tmp_path.iterdir():
        assert b"learn my voice" not in path.read_bytes()
        assert b"parent" not in path.read_bytes()
    # Nobody is given another's role.
    profile = tmp_path / f"{bert.pseudonym}.profile"
    profile.write_bytes((tmp_path / f"{anna.pseudonym}.profile").read_bytes())
    assert People(tmp_path).all() == (anna,)


def test_a_profile_of_a_later_release_is_read(tmp_path: Path) -> None:
    class Later(Profile, frozen=True):
        pronouns: str = "they"

    people = People(tmp_path)
    anna = people.add("Anna", BOTH, now_s=5, profile=Later(role="parent"))
    [found] = People(tmp_path).all()
    assert (found.pseudonym, found.profile) == (anna.pseudonym, Profile(role="parent"))


def test_somebody_without_a_voice_is_known_and_never_compared(tmp_path: Path) -> None:
    people = People(tmp_path)
    carla = people.add("Carla", None, now_s=5)
    assert carla.pseudonym.startswith("m-")
    for known in (people, People(tmp_path)):
        assert known.all() == (carla,)
        assert (len(known), known.voiceprints(), known.all_voiceprints()) == (0, {}, {})
    assert people.forget(carla.pseudonym)
    assert People(tmp_path).all() == ()


def test_a_newcomer_is_in_no_file_that_an_earlier_release_reads_and_is_admitted_in_one_step(
    tmp_path: Path,
) -> None:
    people = People(tmp_path)
    person = people.add("new voice 1", BOTH, now_s=5, profile=PROFILE, admitted=False)
    assert not list(tmp_path.glob("p-*.json"))
    for known in (people, People(tmp_path)):
        assert known.voiceprints() == {}
        assert known.voiceprints(admitted=False) == {person.pseudonym: BOTH}
    admitted = people.admit(person.pseudonym, "Carla")
    assert (admitted.name, admitted.admitted, admitted.profile) == ("Carla", True, PROFILE)
    assert People(tmp_path).all() == (admitted,)
    assert people.admit(person.pseudonym) == admitted


def test_what_a_killed_process_left_of_somebody_is_no_person_and_goes(tmp_path: Path) -> None:
    """A key and a template of a voice that was never enrolled to the end must not lie there."""
    anna = People(tmp_path).add("Anna", BOTH, now_s=5)
    for name in ("p-00000001.key", "p-00000001.noise", "p-00000001.profile", ".p-00000002.json.new"):
        (tmp_path / name).write_bytes(b"left")
    (tmp_path / f".{anna.pseudonym}.json.new").write_bytes(b"left")
    assert People(tmp_path).all() == (anna,)
    assert {path.name.split(".")[0] for path in tmp_path.iterdir()} == {anna.pseudonym}


def test_an_altered_or_keyless_voiceprint_is_left_out_and_named(tmp_path: Path) -> None:
    people = People(tmp_path)
    anna, bert = people.add("Anna", BOTH, now_s=5), people.add("Bert", BOTH, now_s=5)
    carl = people.add("Carl", BOTH, now_s=5)
    (tmp_path / f"{anna.pseudonym}.key").unlink()
    path = tmp_path / f"{bert.pseudonym}.json"
    path.write_bytes(path.read_bytes().replace(b'"voiceprint":"', b'"voiceprint":"AAAA'))
    again = People(tmp_path)
    assert again.all() == (carl,)
    assert {problem.code for problem in again.problems} == {"voiceprint_damaged"}
    assert len(again.problems) == 2


def test_an_altered_template_in_noise_leaves_the_person_out_as_well(tmp_path: Path) -> None:
    """And so does the clean one in its place: each is sealed as what it is."""
    people = People(tmp_path)
    anna, bert = people.add("Anna", BOTH, now_s=5), people.add("Bert", BOTH, now_s=5)
    noise = tmp_path / f"{anna.pseudonym}.noise"
    noise.write_bytes(noise.read_bytes().replace(b'"template":"', b'"template":"AAAA'))
    record = msgspec.json.decode((tmp_path / f"{bert.pseudonym}.json").read_bytes(), type=dict[str, object])
    swapped = {"nonce": record["nonce"], "template": record["voiceprint"]}
    (tmp_path / f"{bert.pseudonym}.noise").write_bytes(msgspec.json.encode(swapped))
    again = People(tmp_path)
    assert again.all() == ()
    assert [problem.code for problem in again.problems] == ["voiceprint_damaged"] * 2


def test_one_persons_template_cannot_be_passed_off_as_anothers(tmp_path: Path) -> None:
    people = People(tmp_path)
    anna, bert = people.add("Anna", BOTH, now_s=5), people.add("Bert", BOTH, now_s=5)
    for suffix in (".json", ".key", ".noise"):
        source, target = tmp_path / f"{bert.pseudonym}{suffix}", tmp_path / f"{anna.pseudonym}{suffix}"
        target.write_bytes(source.read_bytes())
    assert People(tmp_path).all() == (bert,)
