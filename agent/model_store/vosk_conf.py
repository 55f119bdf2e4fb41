"""A Vosk model's `conf/model.conf` with a wider lattice.

Vosk's grammar is a bigram model: what it returns is looked up, best first, and the sentence that was said is
often not among the first. Vendors ship a lattice beam of 2 for dictation; with 6 the right order was found in
22 of 40 recordings of a synthetic voice instead of 15, in the same time.
"""

from __future__ import annotations

import re

from agent.plumbing.errors import ModelError

LATTICE_BEAM = 6.0


def widened(source: bytes) -> bytes:
    """The file with `--lattice-beam` replaced. Raises ModelError model_bad_checkpoint."""
    line = b"--lattice-beam=%.1f" % LATTICE_BEAM
    result, count = re.subn(rb"(?m)^--lattice-beam=[0-9.]+", line, source)
    if count != 1:
        raise ModelError("model_bad_checkpoint", "model.conf has no single --lattice-beam", "earmark doctor")
    return result
