"""A process that attacks: `python -m probe PROFILE TARGETS`; with PROFILE 'none' it is not tightened."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import attacks

profile, targets = sys.argv[1], json.loads(Path(sys.argv[2]).read_text())
if profile == "none":
    print("attacked", json.dumps(attacks.attack(targets)))
else:
    attacker = attacks.attack_when_tight(targets)  # before tightening: only TSYNC reaches this thread
    from agent.plumbing.sandbox import tighten

    tighten(profile)
    attacker.join()
