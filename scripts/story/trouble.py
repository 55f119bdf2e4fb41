"""Scenes in which something is wrong with the device itself: a bad release, code of somebody else's inside
a process."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Set

from agent.plumbing import landlock
from agent.plumbing.settings_file import load_settings
from scripts.story.acting import agree, expect, order
from scripts.story.corner_shop import ROOT
from scripts.story.customers import ANNA
from scripts.story.stage import Stage
from scripts.story.taken_over import TARGETS

WITH_A_NETWORK = {
    "open an IPv4 socket",
    "open an IPv6 socket",
    "connect to the site broker",
    "look up a name",
}
"""What `sensors` is there for."""

_HARMLESS = "start a thread"
_HOLDS_EVERYTHING = 6  # the Landlock ABI with no gaps
_BY_SECCOMP = {
    "open an IPv4 socket",
    "open an IPv6 socket",
    "open a netlink socket",
    "open a packet socket",
    "serve TCP",
    "start a shell",
    "become a shell",
    "fork",
    "trace a neighbour",
    "signal a neighbour",
    "set up io_uring",
    "make a user namespace",
}
_TOLD = {
    "open an IPv4 socket": "opens a network socket",
    "connect to the broker": "calls the shop's broker",
    "read the signing key": "reads the signing key",
    "read the voiceprints": "reads the voiceprints",
    "start a shell": "starts a shell",
}


def updates_while_an_order_waits(stage: Stage) -> None:
    """While the broker is away a good release is taken and a deaf one goes back; then the order arrives,
    once."""
    before = len(stage.shop_orders())
    stage.stop_broker()
    order(stage, ANNA, "order a pack of butter.")
    agree(stage)
    expect(stage.newest_order().state == "queued", "the order waits in the outbox")

    stage.publisher.offer("0.2.0")
    expect(_check(stage) == "updated", "a good release is taken")
    stage.restart()
    expect(_version(stage) == "0.2.0", "the device is the new release")
    expect(stage.newest_order().state == "queued", "and the order still waits")

    stage.publisher.offer("0.3.0", deaf=True)
    expect(_check(stage) == "not healthy: rolled back", "a release that hears nothing goes back by itself")
    expect(_version(stage) == "0.2.0", "the device is the release before")
    order(stage, ANNA, "order a pack of butter.")
    expect(stage.decided()[-1] == "asked_another", "it hears, and knows what waits")
    stage.says(ANNA, "no, thank you.")
    stage.answer()

    stage.start_broker()
    stage.answer()
    expect(stage.newest_order().state == "ordered", "the receipt came and was verified")
    expect(len(stage.shop_orders()) == before + 1, "exactly one order stands at the shop")


def code_in_sensors(stage: Stage) -> None:
    """Code inside `sensors` tries to confirm an order, and fails."""
    before = stage.shop_orders()
    _take_over(stage, "sensors", may=WITH_A_NETWORK)
    order(stage, ANNA, "order a carton of orange juice.")
    expect(stage.decided()[-1] == "read_back", "her order is read back")
    tried = _count(stage, "confirmed everything")
    stage.wait(lambda: _count(stage, "confirmed everything") >= tried + 2, "more attempts to confirm it")
    stage.tell(
        "intruder", "yes, place my order; PIN 4711; badge; button; a forged receipt ... (hundreds of each)"
    )
    expect(stage.decided()[-1] == "read_back", "the question is as it was")
    expect(stage.shop_orders() == before, "nothing was confirmed")
    agree(stage, ANNA, "no, cancel.")
    expect(stage.decided()[-1] == "cancelled", "she decides")
    stage.restart()


def code_in_voice(stage: Stage) -> None:
    """Code inside `voice` fails at network, key and shell; then it forges Anna's words, embedding and
    consent, and gets at most the voice tier's daily cap. Her mailbox tells her."""
    before = stage.shop_orders()
    _take_over(stage, "voice")
    order(stage, ANNA, "order a pack of butter.")
    if stage.decided()[-1] == "asked_another":
        stage.says(ANNA, "yes, another one.")
        stage.answer()
    agree(stage)
    stage.tell("intruder", "(has her voice now, and forges orders and her consent)")
    while not _count(stage, "forged") or not stage.room.is_silent():
        stage.overhears()
    stage.settled()
    policy = load_settings(stage.settings_file).policy
    rows = stage.journal().orders
    placed = [one for one in stage.shop_orders() if one not in before]
    spent = sum(row.total_minor for row in rows)
    stage.tell("", f"{len(placed)} orders got through; today's spending by voice: {spent / 100:.2f} PLN")
    expect(len(placed) > 1, "a forged voice buys something: that is why there is a cap")
    expect(spent <= policy.voice_day_max_minor, f"and not more than {policy.voice_day_max_minor} in a day")
    expect(
        max(row.total_minor for row in rows) <= policy.voice_order_max_minor, "no order above the cap for one"
    )
    expect("day_over_limit" in stage.decided()[-8:], "the cap is what ended it")
    mails = stage.mails()
    told = [mail for one in placed for mail in mails if one.order_id in str(mail["Subject"])]
    expect(len(told) == len(placed), "the owner was mailed each of them, past the device")
    expect(all("voice alone" in mail.get_content() for mail in told), "and what confirmed it")
    stage.tell("mailbox", f"{told[-1]['Subject']}")
    stage.restart()


def _take_over(stage: Stage, process: str, may: Set[str] = frozenset()) -> None:
    """Starts the device with somebody else's code in `process`, which tries the doors first."""
    (stage.settings_file.parent / TARGETS).write_text(json.dumps(stage.targets()), encoding="utf-8")
    stage.restart(taken_over=process)
    stage.tell("", f"somebody else's code runs inside {process}")
    stage.wait(lambda: "attacked {" in stage.device.log(), "his report")
    found = re.search(r"^attacked (\{.*\})$", stage.device.log(), re.MULTILINE)
    outcome: dict[str, str] = json.loads(found[1]) if found else {}
    for attempt, told in _TOLD.items():
        if attempt not in may:
            stage.tell("intruder", f"{told}: {'done' if not outcome[attempt] else 'refused'}")
    got = {attempt for attempt, stopped_by in outcome.items() if not stopped_by} - {_HARMLESS}
    if landlock.abi_version() < _HOLDS_EVERYTHING:
        # Network, programs and neighbours are seccomp's, on any kernel; which files may be opened is not.
        got &= _BY_SECCOMP
        stage.tell(
            "", "this kernel's Landlock leaves gaps (earmark doctor): files that he opened do not count"
        )
    expect(got <= may, f"he gets nothing but the rights of {process} (he got: {sorted(got)})")


def _count(stage: Stage, words: str) -> int:
    return stage.device.log().count(f"\n{words}")


def _check(stage: Stage) -> str:
    """`earmark-update check`, and what it says."""
    begun = time.monotonic()
    command = [sys.executable, "-m", "firmware_update.cli", "-s", str(stage.settings_file), "check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    said = done.stdout.strip() or done.stderr
    stage.tell("", f"earmark-update check: {said} ({time.monotonic() - begun:.1f} s)")
    return said


def _version(stage: Stage) -> str:
    """Of the slot that the device is started from."""
    slots = load_settings(stage.settings_file).paths.slots_dir
    boot = [sys.executable, "-m", "firmware_update.boot", "--slots", slots, "--", "agent.cli", "--version"]
    done = subprocess.run(boot, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.removeprefix("earmark ").strip()
