"""`earmark-backend mail` as the process that an operator starts, ends, and kills."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from order_backend.cli import main
from order_backend.shop import Shop
from scripts.story.mailbox import Mailbox
from tests.backend.post_office import Blocker, Clerk, place, post_office, tell, write_mail
from tests.backend.test_commands import start
from tests.committing.kit import Bench
from tests.committing.network import PATIENCE_S, eventually


def states(bench: Bench) -> list[str]:
    with Shop.open(bench.folder.database) as shop:
        return [row[0] for row in shop._db.run("SELECT state FROM notices ORDER BY number")]


def all_sent(bench: Bench) -> Callable[[], bool]:
    return lambda: set(states(bench)) == {"sent"}


def let_time_pass(bench: Bench) -> None:
    """What was tried may be tried again."""
    with Shop.open(bench.folder.database) as shop:
        shop._db.run("UPDATE notices SET due_at = 0")


def ended(process: subprocess.Popen[bytes]) -> int:
    process.terminate()
    return process.wait(PATIENCE_S)


def test_it_tells_what_waited_and_what_comes_and_ends_cleanly(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        process = start("mail", str(bench.folder.path))
        try:
            mailbox.wait_for(1)
            place(bench, 3)
            mailbox.wait_for(2)
            eventually(all_sent(bench), "both marked")
        finally:
            code = ended(process)
        assert code == 0
        place(bench, 1)
        assert len(mailbox.mails()) == 2


def test_a_second_one_is_refused_and_the_first_goes_on(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        first = start("mail", str(bench.folder.path))
        try:
            mailbox.wait_for(1)
            second = subprocess.run(
                first.args,
                env=_environment(),
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            assert second.returncode == 1
            [line] = second.stderr.splitlines()
            assert "mail_running" in line and " -> " in line
            place(bench, 3)
            mailbox.wait_for(2)
        finally:
            ended(first)


def test_the_lock_goes_with_a_killed_process(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        for quantity in (1, 2):
            place(bench, quantity)
            process = start("mail", str(bench.folder.path))
            mailbox.wait_for(quantity)
            eventually(all_sent(bench), "the mark")
            process.kill()
            process.wait()
        assert len(mailbox.mails()) == 2


@pytest.mark.parametrize("moment", ["at MAIL", "at DATA, before it is taken", "taken, not yet marked"])
def test_killed_in_the_middle_it_loses_nothing_and_repeats_one_mail_at_most(
    bench: Bench, moment: str
) -> None:
    clerk = Clerk()
    with Mailbox(clerk) as mailbox:
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        for quantity in (1, 2, 3):
            place(bench, quantity)
        killed: list[int] = []

        def kill_it() -> None:
            if not killed:
                killed.append(process.pid)
                os.kill(process.pid, signal.SIGKILL)
                process.wait()

        if moment == "at MAIL":
            clerk.at_mail = kill_it
        elif moment == "at DATA, before it is taken":
            clerk.before_taking = kill_it
        else:
            clerk.after_taking = kill_it
        process = start("mail", str(bench.folder.path))
        eventually(lambda: killed, "the kill")
        eventually(lambda: process.returncode is not None, "its end")
        assert states(bench) == ["due", "due", "due"]
        taken_before = len(mailbox.mails())
        let_time_pass(bench)
        process = start("mail", str(bench.folder.path))
        try:
            eventually(all_sent(bench), "everything told")
        finally:
            assert ended(process) == 0
        ids = [mail["Message-ID"] for mail in mailbox.mails()]
    assert len(set(ids)) == 3
    assert len(ids) == 3 + taken_before <= 4
    assert ids.count(ids[0]) == 1 + taken_before, "only the mail under way is repeated"


def test_it_is_not_in_the_way_of_a_database_that_is_locked_for_a_while(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        blocker = Blocker(bench.folder)
        blocker.blocks()
        process = start("mail", str(bench.folder.path))
        try:
            eventually(lambda: _locked(bench.folder.mail_lock), "its start")
            assert mailbox.mails() == []
            blocker.lets_go()
            mailbox.wait_for(1)
        finally:
            assert ended(process) == 0
        assert len(mailbox.mails()) == 1


def test_a_folder_that_it_may_not_write_is_one_line(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    write_mail(bench.folder, 25)
    bench.folder.mail_lock.mkdir()
    assert main(["mail", str(bench.folder.path)]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "mail_lock" in line


def _locked(path: Path) -> bool:
    return path.exists() and subprocess.run(["flock", "-n", path, "true"], check=False).returncode == 1


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
