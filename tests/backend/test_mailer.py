"""Every notice is mailed once, over a real SMTP server that is well, away, slow or unwilling."""

from __future__ import annotations

import logging
import threading

import msgspec
import pytest

from order_backend.mailer import FIRST_RETRY_S
from order_backend.notices import LONGEST_WAIT_S
from order_backend.shop import Answer, Shop
from tests.backend.post_office import (
    ADDRESS,
    Blocker,
    patience,
    place,
    post_office,
    takes_no_more,
    tell,
    turned,
    write_mail,
)
from tests.committing.kit import DEVICE, NOW_S, Bench
from tests.committing.network import eventually


def test_an_order_is_told_once_in_the_owners_language(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench, language="pl")
        number = place(bench)
        with turned(bench.folder) as by_hand:
            for _ in range(3):
                by_hand.turn(later_s=LONGEST_WAIT_S)
            assert by_hand.rows() == [("sent", 1, "")]
        [envelope], [mail] = mailbox.keeper.envelopes, mailbox.mails()
    assert (envelope.mail_from, envelope.rcpt_tos) == ("orders@shop.example", [ADDRESS])
    assert mail["Message-ID"] == f"<order-{number}-corner-shop@shop.example>"
    assert "2 × „dark roast coffee” (coffee?roast=dark)  38,00 PLN" in mail.get_content()
    assert "person-1" not in mail.as_string()


def test_a_server_that_was_away_gets_everything_when_it_is_back(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        orders = {place(bench) for _ in range(3)}
        mailbox.close()
        with turned(bench.folder) as by_hand:
            assert by_hand.turn() > 0
            assert by_hand.rows() == [("due", 1, "mail_unreachable")] * 3
            mailbox.open()
            by_hand.turn(later_s=FIRST_RETRY_S - 1)
            assert mailbox.mails() == [], "not before its time"
            by_hand.turn(later_s=1)
            assert [state for state, _, _ in by_hand.rows()] == ["sent"] * 3
        subjects = " ".join(mail["Subject"] for mail in mailbox.mails())
    assert all(subjects.count(order) == 1 for order in orders)


def test_waits_double_up_to_an_hour_and_survive_a_restart(bench: Bench) -> None:
    write_mail(bench.folder, 1)  # nobody listens there
    tell(bench)
    place(bench)
    waits, now_s = [], float(NOW_S)
    for _ in range(12):
        with turned(bench.folder) as by_hand:  # a new process each time
            by_hand.now_s = now_s
            by_hand.turn()
            due_at = by_hand.shop._db.run("SELECT due_at FROM notices").scalar_one()
            waits.append(due_at - now_s)
            now_s = due_at
    assert waits == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600, 3600]


@pytest.mark.parametrize("jitter", [0.0, 0.5, 1.0])
def test_a_wait_is_scattered_between_half_of_it_and_all_of_it(bench: Bench, jitter: float) -> None:
    write_mail(bench.folder, 1)
    tell(bench)
    place(bench)
    with turned(bench.folder) as by_hand:
        by_hand.mailer._jitter = lambda: jitter
        by_hand.turn()
        due_at = by_hand.shop._db.run("SELECT due_at FROM notices").scalar_one()
    assert due_at - NOW_S == round(FIRST_RETRY_S * (0.5 + jitter / 2))


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_a_temporary_refusal_is_tried_again_and_then_accepted(bench: Bench, command: str) -> None:
    with post_office() as (mailbox, clerk):
        clerk.answers[command] = ["451 4.7.1 greylisted, come back"]
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        place(bench, 1)
        with turned(bench.folder) as by_hand:
            by_hand.turn()
            (state, attempts, reason), other = by_hand.rows()
            assert (state, attempts) == ("due", 1) and reason.endswith("_refused 451 4.7.1")
            assert other == ("sent", 1, ""), "one notice's trouble is not another's"
            by_hand.turn(later_s=FIRST_RETRY_S)
            assert by_hand.rows()[0] == ("sent", 2, "")
        assert len(mailbox.mails()) == 2


def test_a_permanent_refusal_is_marked_logged_and_tried_no_more_until_the_address_is_set_again(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with post_office() as (mailbox, clerk):
        clerk.answers["RCPT"] = [f"550 5.1.1 <{ADDRESS}> unknown"]
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        number = place(bench)
        with turned(bench.folder) as by_hand, caplog.at_level(logging.INFO):
            for _ in range(3):
                by_hand.turn(later_s=LONGEST_WAIT_S)
            assert by_hand.rows() == [("failed", 1, "mail_recipient_refused 550 5.1.1")]
            assert clerk.commands.count("RCPT") == 1
            assert tell(bench, "anna@other.example") == 1
            by_hand.turn()
            assert by_hand.rows() == [("sent", 1, "")]
        [envelope] = mailbox.keeper.envelopes
    assert envelope.rcpt_tos == ["anna@other.example"]
    logged = [record.getMessage() for record in caplog.records if record.name.startswith("order_backend")]
    assert f"mail_failed order={number} mail_recipient_refused 550 5.1.1" in logged
    assert not [line for line in logged if "@" in line], "no address is logged"


def test_a_server_that_refuses_the_sender_or_hangs_up_fails_no_notice(bench: Bench) -> None:
    with post_office() as (mailbox, clerk):
        clerk.answers["MAIL"] = ["550 5.7.1 no relaying", "421 4.3.2 closing"]
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        with turned(bench.folder) as by_hand:
            for _ in range(2):
                by_hand.turn(later_s=LONGEST_WAIT_S)
                assert by_hand.rows()[0][::2] == ("due", "mail_refused")
            by_hand.turn(later_s=LONGEST_WAIT_S)
            assert by_hand.rows() == [("sent", 3, "")]
        assert len(mailbox.mails()) == 1


@pytest.mark.slow
def test_a_thousand_due_notices_are_each_sent_once_and_no_session_lasts_long(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        [first] = bench.desk._shop.orders()
        with bench.desk._shop.transaction():
            for number in range(999):
                order = msgspec.structs.replace(first, order_id=f"E-{number:04}", intent_id=f"i-{number}")
                bench.desk._shop.keep_answer(DEVICE, order.intent_id, Answer("aa", b""), now_s=NOW_S)
                bench.desk._shop.place(order)
                bench.desk._shop.notices.note(order.order_id, DEVICE, ["voice"], now_s=NOW_S)
        with turned(bench.folder) as by_hand:
            turns = 1
            while by_hand.turn() == 0:
                turns += 1
            assert {row[:2] for row in by_hand.rows()} == {("sent", 1)}
        ids = [mail["Message-ID"] for mail in mailbox.mails()]
    assert len(ids) == len(set(ids)) == 1000
    assert turns == 11, "ten sessions, and a look that finds nothing"


def test_while_the_server_is_away_all_that_is_due_costs_one_connection(bench: Bench) -> None:
    write_mail(bench.folder, 1)
    tell(bench)
    for _ in range(3):
        place(bench)
    with turned(bench.folder) as by_hand:
        by_hand.turn()
        by_hand.turn()
        assert [attempts for _, attempts, _ in by_hand.rows()] == [1, 1, 1]


def test_a_mail_server_that_hangs_holds_up_no_order(bench: Bench) -> None:
    with post_office() as (mailbox, clerk):
        clerk.waits_for = threading.Event()
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)

        def send() -> None:
            with turned(bench.folder) as by_hand:
                by_hand.turn()

        sending = threading.Thread(target=send)
        sending.start()
        try:
            eventually(lambda: "DATA" in clerk.commands, "a mail under way")
            for quantity in (1, 3):
                place(bench, quantity)
            assert mailbox.mails() == [] and sending.is_alive()
        finally:
            clerk.waits_for.set()
            sending.join()
        assert len(mailbox.mails()) == 3


def test_a_mail_that_was_taken_while_the_database_is_locked_is_not_sent_again(bench: Bench) -> None:
    with post_office() as (mailbox, clerk):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        place(bench, 1)
        blocker = Blocker(bench.folder)
        clerk.after_taking = blocker.blocks
        with turned(bench.folder) as by_hand:
            patience(by_hand.shop, 50)
            assert by_hand.turn() > 0
            assert by_hand.turn(later_s=LONGEST_WAIT_S) > 0
            assert len(mailbox.mails()) == 1, "what cannot be written down is not sent"
            clerk.after_taking = lambda: None
            blocker.lets_go()
            by_hand.turn(later_s=LONGEST_WAIT_S)
            assert [state for state, _, _ in by_hand.rows()] == ["sent", "sent"]
        ids = [mail["Message-ID"] for mail in mailbox.mails()]
    assert len(ids) == len(set(ids)) == 2


def test_a_database_that_takes_no_more_stops_the_sending_and_not_the_process(bench: Bench) -> None:
    with post_office() as (mailbox, clerk):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        place(bench)
        with turned(bench.folder) as by_hand:
            takes_no_more(by_hand.shop, True)
            assert by_hand.turn() > 0
            assert clerk.commands == [], "an attempt that cannot be counted is not made"
            takes_no_more(by_hand.shop, False)
            by_hand.turn()
            assert by_hand.rows() == [("sent", 1, "")]
        assert len(mailbox.mails()) == 1


def test_an_order_whose_mail_cannot_be_written_does_not_stop_the_others(bench: Bench) -> None:
    with post_office() as (mailbox, _):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        damaged = place(bench)
        place(bench, 1)
        with turned(bench.folder) as by_hand:
            by_hand.shop._db.run(f"UPDATE orders SET lines = '[{{' WHERE order_id = '{damaged}'")
            by_hand.turn()
            assert by_hand.rows() == [("due", 1, "mail_unwritable"), ("sent", 1, "")]
        assert len(mailbox.mails()) == 1


def test_a_corrected_address_counts_for_what_waits_and_a_removed_one_gets_nothing_more(bench: Bench) -> None:
    with post_office() as (mailbox, clerk):
        write_mail(bench.folder, mailbox.port)
        tell(bench)
        for quantity in (1, 2, 3):
            place(bench, quantity)

        def correct() -> None:
            tell(bench, "anna@other.example")
            clerk.after_taking = remove

        def remove() -> None:
            with Shop.open(bench.folder.database) as shop:
                shop.notices.remove_owner(DEVICE)

        clerk.after_taking = correct
        with turned(bench.folder) as by_hand:
            by_hand.turn()
            assert [state for state, _, _ in by_hand.rows()] == ["sent", "sent", "dropped"]
        told = [envelope.rcpt_tos for envelope in mailbox.keeper.envelopes]
    assert told == [[ADDRESS], ["anna@other.example"]]
