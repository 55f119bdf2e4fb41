"""The three places of a signing key, real ones: a file, a SoftHSM token, a software TPM."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pkcs11
import pytest

from agent import cli

MODULES = ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib64/softhsm/libsofthsm2.so")
PIN = "294716"
PATIENCE_S = 240.0


@dataclass(frozen=True)
class Place:
    """Where `earmark provision` is told to make the key."""

    name: str
    options: list[str] = field(default_factory=list)

    def provision(self, folder: Path) -> Path:
        """The settings file of a new device with its keys and request.pem."""
        code = cli.main(
            ["provision", str(folder), "--device-id", "device-1", "--environment", "test", *self.options]
        )
        assert code == 0
        return folder / "earmark.toml"


@contextmanager
def soft_token(root: Path, monkeypatch: pytest.MonkeyPatch, *labels: str) -> Iterator[Place]:
    """SoftHSM with a token of each label; a skip with a word where there is none."""
    module = next((path for path in MODULES if Path(path).exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        pytest.skip("no SoftHSM here: apt install softhsm2")
    tokens = root / "tokens"
    tokens.mkdir(parents=True)
    configuration = root / "softhsm2.conf"
    configuration.write_text(
        f"directories.tokendir = {tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(configuration))
    for label in labels or ("earmark",):
        init = ("softhsm2-util", "--init-token", "--free", "--label", label, "--pin", PIN, "--so-pin", PIN)
        subprocess.run(init, check=True, capture_output=True)
    pkcs11.unload(module)  # it reads its configuration once
    paths = ("--pkcs11-path", str(tokens), "--pkcs11-path", str(configuration))
    yield Place(
        "pkcs11", ["--key-store", "pkcs11", "--pkcs11-module", module, "--pkcs11-token", "earmark", *paths]
    )
    pkcs11.unload(module)


@contextmanager
def soft_tpm(root: Path) -> Iterator[Path]:
    """The Unix socket of a new TPM 2.0 of its own; a skip with a word where there is none."""
    if shutil.which("swtpm") is None:
        pytest.skip("no software TPM here: apt install swtpm")
    root.mkdir(parents=True, exist_ok=True)
    path = root / "tpm.sock"
    command = ("swtpm", "socket", "--tpm2", "--tpmstate", f"dir={root}")
    command += ("--server", f"type=unixio,path={path}", "--flags", "not-need-init,startup-clear")
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until = time.monotonic() + PATIENCE_S
        while not path.exists():
            assert time.monotonic() < until and process.poll() is None, "swtpm does not start"
            time.sleep(0.01)
        yield path
    finally:
        process.kill()
        process.wait()
        path.unlink(missing_ok=True)


def tpm_place(path: Path) -> Place:
    return Place("tpm", ["--key-store", "tpm", "--tpm", str(path)])
