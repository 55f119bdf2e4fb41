"""A settings file that cannot be used is named with its code; nothing in it is guessed or passed over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import SCHEMA_VERSION, Settings, Speaker
from agent.plumbing.settings_file import load_settings, parse_settings

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "code", "named"),
    [
        ("[wake]\nthreshhold = 0.5", "config_invalid", "threshhold"),
        ("[wakeword]\nthreshold = 0.5", "config_invalid", "wakeword"),
        ("threshold = 0.5", "config_invalid", "threshold"),
        ("[wake]\nthreshold = 1.5", "config_invalid", "wake.threshold"),
        ("[wake]\nthreshold = nan", "config_invalid", "wake.threshold"),
        ("[policy]\nvoice_order_max_minor = '100'", "config_invalid", "policy.voice_order_max_minor"),
        ('[device]\nid = "a/+/#"', "config_invalid", "device.id"),
        ("[wake\n", "config_syntax", "line 1"),
        (f"schema_version = {SCHEMA_VERSION + 1}\n[later]\nkey = 1", "config_newer", str(SCHEMA_VERSION + 1)),
        ("schema_version = 'x'", "config_invalid", "schema_version"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, code: str, named: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_settings(text, base=tmp_path)
    assert caught.value.code == code
    assert named in caught.value.detail
    assert caught.value.next_step


def test_a_speaker_model_without_measured_thresholds_needs_its_own(tmp_path: Path) -> None:
    """The cosines of one model let strangers pass with another."""
    chosen = '[speaker]\nmodel = "speaker-ecapa"\n'
    given = {
        "accept_cosine": 0.5,
        "accept_consent_cosine": 0.4,
        "runner_up_margin_cosine": 0.05,
        "same_speaker_cosine": 0.0,
    }
    lines = [f"{name} = {value}\n" for name, value in given.items()]
    for missing in range(len(lines)):
        with pytest.raises(ConfigurationError, match="no thresholds were measured for speaker-ecapa"):
            parse_settings(chosen + "".join(lines[:missing] + lines[missing + 1 :]), base=tmp_path)
    settings = parse_settings(chosen + "".join(lines), base=tmp_path)
    assert settings.speaker.thresholds._asdict() == given
    default = parse_settings("[speaker]\naccept_cosine = 0.9", base=tmp_path).speaker.thresholds
    assert default == Speaker().thresholds._replace(accept_cosine=0.9)


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")
    for name in ("absent.toml", "binary.toml"):
        with pytest.raises(ConfigurationError, match="config_missing"):
            load_settings(tmp_path / name)


def test_an_empty_file_is_the_defaults_with_paths_beside_it(tmp_path: Path) -> None:
    settings = parse_settings("", base=tmp_path)
    assert settings.policy == Settings().policy
    assert settings.paths.state_dir == str(tmp_path / "var")
    assert parse_settings('[paths]\nstate_dir = "/s"', base=tmp_path).paths.state_dir == "/s"


@given(st.text())
def test_any_text_ends_in_settings_or_a_clear_error(text: str) -> None:
    try:
        parse_settings(text, base=Path("/"))
    except ConfigurationError as error:
        assert error.code.startswith("config_")


@pytest.mark.parametrize("command", ["run", "people", "orders"])
def test_every_command_says_it_and_none_starts(tmp_path: Path, command: str) -> None:
    (tmp_path / "earmark.toml").write_text("[wake]\nthreshhold = 0.5\n")
    done = subprocess.run(
        [sys.executable, "-m", "agent.cli", "-s", str(tmp_path / "earmark.toml"), command],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "threshhold" in done.stderr
    assert "code: config_invalid" in done.stderr
    assert "Traceback" not in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["earmark.toml"]
