"""In the place of `till`: opens the key store, tightens the sandbox, signs the mandate of its standard input
and prints it. `signs_once.py SETTINGS`."""

from __future__ import annotations

import sys
from pathlib import Path

import msgspec

from agent.committing.key_stores import open_key_store
from agent.committing.mandates import OpenPaymentMandate
from agent.plumbing.errors import TrustError
from agent.plumbing.sandbox import tighten
from agent.plumbing.settings_file import load_settings

try:
    store = open_key_store(load_settings(Path(sys.argv[1])))
    tighten("till")
    print(store.sign(msgspec.json.decode(sys.stdin.buffer.read(), type=OpenPaymentMandate)))
except TrustError as error:
    sys.exit(error.code)
