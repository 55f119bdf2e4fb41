"""docs/updating.md, typed as it stands: from no keys at all to an update and the way back."""

from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

from agent.plumbing.errors import EarmarkError
from firmware_update import cli, release
from order_backend.broker import free_port
from tests.firmware_update.kit import ROOT
from tests.plumbing.stand_ins import comes_true
from tests.project import markdown

PAGE = ROOT / "docs" / "updating.md"
PARSERS = {"earmark-release": release.build_parser, "earmark-update": cli.build_parser}


def _lines() -> list[str]:
    text = PAGE.read_text("utf-8")
    return [line for block in markdown.blocks(text) if block.kind == "sh" for line in block.text.splitlines()]


def test_the_page_works_as_it_is_typed(tmp_path: Path) -> None:
    port = str(free_port())
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)}
    said, server = {}, None
    try:
        for written in _lines():
            line = written.replace("18931", port).replace("CHECKOUT", str(ROOT))
            if "http.server" in line:
                server = subprocess.Popen(
                    shlex.split(line), cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL
                )
                assert comes_true(lambda: _answers(int(port)))
                continue
            done = subprocess.run(
                ["bash", "-ec", line],
                cwd=tmp_path,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
            said[written] = done.stdout
    finally:
        if server is not None:
            server.kill()
            server.wait()
    assert said["earmark-update -s shelf/earmark.toml check"] == "updated\n"
    shown = said["earmark-update -s shelf/earmark.toml status"].rpartition("last check")
    assert shown[0] in PAGE.read_text("utf-8") and shown[2].endswith(": updated\n")
    assert said["earmark-update -s shelf/earmark.toml back"].startswith("0.1.0")


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _source() -> str:
    return "\n".join(path.read_text("utf-8") for path in sorted((ROOT / "firmware_update").glob("*.py")))


def test_every_refusal_on_the_page_is_one_of_the_code_and_none_is_missing() -> None:
    table = PAGE.read_text("utf-8").partition("## What is refused")[2].partition("\n## ")[0]
    named = {code for code in markdown.inline_code(table) if code.startswith(("update_", "slot_", "health_"))}
    source = _source()
    assert not [code for code in sorted(named) if f'"{code}"' not in source]
    from_the_network_or_the_archive = {
        "update_tampered", "update_older", "update_expired", "update_stalled", "update_too_long",
        "update_unreachable", "update_disk_full", "update_damaged", "update_rejected", "update_none",
    }  # fmt: skip
    assert from_the_network_or_the_archive <= named


def test_every_command_that_an_error_names_parses() -> None:
    import re

    named = set(re.findall(r'"(earmark-(?:release|update) [a-z]+(?: --help| REPO)?)["; ]', _source()))
    assert len(named) > 6
    for command in named:
        program, *words = shlex.split(command)
        try:
            PARSERS[program]().parse_args([*words, "--help"] if "--help" not in words else words)
        except SystemExit as end:
            assert end.code == 0, command


def test_errors_of_updates_are_errors_of_earmark() -> None:
    from agent.plumbing.errors import UpdateError

    assert issubclass(UpdateError, EarmarkError)
