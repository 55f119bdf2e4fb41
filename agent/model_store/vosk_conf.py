"""A Vosk model's `conf/model.conf` for decoding with a grammar.

Vendors ship narrow beams for dictation. With a grammar of a shop the search is small, so it can afford to
keep what looks bad at first, and to leave the whole lattice to the end: with a beam of 10, and lattices that
are closed piece by piece, true sentences were lost that were 8 nats likelier than what was found
(docs/figures/vosk.md).
"""

from __future__ import annotations

from agent.plumbing.errors import ModelError

OPTIONS = {
    "beam": "16.0",
    "lattice-beam": "6.0",  # vendors: 2; what is returned is looked up, best first
    "determinize-max-delay": "6000",  # frames of 30 ms; no utterance is so long
    "determinize-min-chunk-size": "5000",
}


def widened(source: bytes) -> bytes:
    """The file with OPTIONS in place of what it says about them. Raises ModelError model_bad_checkpoint."""
    lines = source.decode("ascii", "replace").splitlines()
    for name, value in OPTIONS.items():
        said = [at for at, line in enumerate(lines) if line.partition("=")[0].strip() == f"--{name}"]
        if len(said) > 1:
            raise ModelError("model_bad_checkpoint", f"model.conf says --{name} twice", "earmark doctor")
        line = f"--{name}={value}"
        lines = [line if at in said else other for at, other in enumerate(lines)] + ([] if said else [line])
    return ("\n".join(lines) + "\n").encode("ascii", "replace")
