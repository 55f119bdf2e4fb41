"""A certificate that ends soon is said once a day, not at night, and not while it is renewed in time."""

from __future__ import annotations

import msgspec
import pytest

from agent.deciding.conversation import Say
from agent.deciding.replies import Hears, render
from agent.plumbing.messages import ClientCertificate
from agent.plumbing.settings import Proposals
from agent.till.certificate_care import CertificateCare
from tests.till.kit import Till

DAY_S = 86_400


def care_of(till: Till, quiet_until: str = "00:00") -> CertificateCare:
    proposals = Proposals(quiet_from="00:00", quiet_until=quiet_until)
    till.desk.settings = msgspec.structs.replace(till.desk.settings, proposals=proposals)
    return CertificateCare(till.desk, till.spoken.announce, lambda *_: None)


def said(till: Till) -> int:
    return sum(hasattr(message, "text") and "certificate" in message.text for message in till.sent)


def ends_in(till: Till, days: int) -> None:
    now_s = till.desk.road.now_s()
    till.desk.road.renewal.certificate(ClientCertificate(now_s - 300 * DAY_S, now_s + days * DAY_S))


def test_it_is_said_once_a_day_until_it_is_renewed(till: Till) -> None:
    care = care_of(till)
    ends_in(till, 100)
    care.look()
    assert said(till) == 0
    ends_in(till, 20)
    care.look()
    care.look()
    care_of(till).look()  # of a till that was started anew
    assert said(till) == 1
    till.desk.journal.meta_set("certificate_said", str(till.desk.now_s() - DAY_S))
    care.look()
    assert said(till) == 2
    till.desk.journal.meta_set("certificate_said", "0")
    ends_in(till, 365)
    care.look()
    assert said(till) == 2


def test_not_at_night(till: Till) -> None:
    ends_in(till, 20)
    care_of(till, "23:59").look()
    assert said(till) == 0


@pytest.mark.parametrize("language", ["en", "pl", "ko"])
def test_there_are_words_for_it(language: str) -> None:
    assert render(Say("certificate_ending"), language, "PLN", Hears("okay nabu", language))
