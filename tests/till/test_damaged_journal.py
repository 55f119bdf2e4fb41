"""What the till makes of a journal that storage has damaged: it ends, starts anew, and says so once."""

from __future__ import annotations

import pytest

from agent.plumbing import messages
from agent.plumbing.errors import JournalError
from agent.till.shop_link import ShopLink
from tests.till.kit import Till


def link_of(till: Till) -> ShopLink:
    return ShopLink(till.desk, lambda _: None, till.spoken.receipt, lambda _, then: till.timers.append(then))


def test_damage_that_is_met_while_it_runs_ends_the_till_which_mends_when_it_starts(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = link_of(till)

    def corrupt(*_: object) -> None:
        raise JournalError("journal_corrupt", "a page is gone")

    monkeypatch.setattr(till.desk.journal, "open_orders", corrupt)
    with pytest.raises(JournalError, match="journal_corrupt"):
        link.send_outbox()
    monkeypatch.setattr(till.desk.journal, "order", corrupt)
    with pytest.raises(JournalError, match="journal_corrupt"):
        link.received(messages.Published("some-intent"))


def test_a_journal_that_is_full_or_read_only_ends_nothing(till: Till) -> None:
    till.desk.journal._db.execute("PRAGMA query_only = ON")
    link_of(till).send_outbox()
    assert till.desk.journal.orders() == []
