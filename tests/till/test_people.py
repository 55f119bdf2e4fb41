"""Voiceprints at rest: encrypted, erased with their key; a damaged one does not silence the others."""

from __future__ import annotations

import stat
from pathlib import Path

from agent.till.people import People

TEMPLATE = tuple(float(number) for number in range(8))


def test_a_person_survives_a_restart(tmp_path: Path) -> None:
    person = People(tmp_path).add("Anna", TEMPLATE, now_s=5)
    assert People(tmp_path).all() == (person,)


def test_files_are_for_the_owner_alone_and_hold_no_template(tmp_path: Path) -> None:
    import msgspec

    People(tmp_path).add("Anna", TEMPLATE, now_s=5)
    for path in tmp_path.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert msgspec.msgpack.encode(TEMPLATE) not in path.read_bytes()


def test_forgetting_destroys_the_key(tmp_path: Path) -> None:
    people = People(tmp_path)
    person = people.add("Anna", TEMPLATE, now_s=5)
    assert people.forget(person.pseudonym)
    assert list(tmp_path.iterdir()) == []
    assert not people.forget(person.pseudonym)
    assert not people.forget("../../etc/passwd")


def test_an_altered_or_keyless_voiceprint_is_left_out_and_named(tmp_path: Path) -> None:
    people = People(tmp_path)
    anna, bert = people.add("Anna", TEMPLATE, now_s=5), people.add("Bert", TEMPLATE, now_s=5)
    carl = people.add("Carl", TEMPLATE, now_s=5)
    (tmp_path / f"{anna.pseudonym}.key").unlink()
    path = tmp_path / f"{bert.pseudonym}.json"
    path.write_bytes(path.read_bytes().replace(b'"voiceprint":"', b'"voiceprint":"AAAA'))
    again = People(tmp_path)
    assert again.all() == (carl,)
    assert {problem.code for problem in again.problems} == {"voiceprint_damaged"}
    assert len(again.problems) == 2


def test_one_persons_template_cannot_be_passed_off_as_anothers(tmp_path: Path) -> None:
    people = People(tmp_path)
    anna, bert = people.add("Anna", TEMPLATE, now_s=5), people.add("Bert", TEMPLATE[::-1], now_s=5)
    for suffix in (".json", ".key"):
        source, target = tmp_path / f"{bert.pseudonym}{suffix}", tmp_path / f"{anna.pseudonym}{suffix}"
        target.write_bytes(source.read_bytes())
    assert People(tmp_path).all() == (bert,)
