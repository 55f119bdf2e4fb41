"""A compromised `voice` can forge words, embeddings and consent. It gets the voice tier's cap and no more."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.plumbing.messages import RunnerUp
from tests.committing.kit import make_bench
from tests.till.kit import ANNA, BERT, make_till, utterance

_WORDS = st.sampled_from(
    [
        "order five bags of dark roast coffee",
        "order three bottles of olive oil",
        "order ninety nine bags of coffee",
        "order a pack of butter",
        "yes place my order",
        "yes order five bags",
        "yes",
        "the first",
        "no",
        "",
    ]
)
_FORGED = st.tuples(st.integers(0, 12), _WORDS, st.sampled_from([ANNA, BERT, None]), st.booleans(), _WORDS)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(_FORGED, max_size=25))
def test_whatever_voice_sends_spending_stays_under_the_daily_cap(
    forged: list[tuple[int, str, tuple[float, ...] | None, bool, str]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        bench = make_bench(Path(folder))
        till = make_till(bench, Path(folder))
        for listen_id, words, embedding, played, near in forged:
            question = (
                till.listening.listen_id if till.sent and till.listening and listen_id > 3 else listen_id
            )
            runners_up = (RunnerUp(near, 0.1),)
            till.spoken.heard(utterance(question, words, embedding, runners_up=runners_up))
            if played:
                till.finish_speaking()
        orders = till.desk.journal.orders(100)
        policy = till.desk.settings.policy
        assert sum(order.total.minor for order in orders) <= policy.voice_day_max_minor
        assert all(order.total.minor <= policy.voice_order_max_minor for order in orders)
        bench.desk.close()
        bench.journal.close()


def test_the_forged_conversations_do_reach_the_cap(tmp_path: Path) -> None:
    """Or the property above would prove nothing."""
    bench = make_bench(tmp_path)
    till = make_till(bench, tmp_path, online=False)
    for _ in range(5):
        till.wake_and_say("order five bags of dark roast coffee")
        if till.decided[-1] == "asked_another":
            till.answer("yes")
        if till.decided[-1] == "read_back":
            till.answer("yes place my order")
    assert till.decided[-1] == "day_over_limit"
    assert sum(order.total.minor for order in till.desk.journal.orders()) == 2 * 5 * 1900
    bench.desk.close()
    bench.journal.close()
