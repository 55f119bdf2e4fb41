"""What an order's time is compared with: an open decode of the same sound by the same small model.

With the model's own library where it can be imported (`pip install moonshine-voice==0.0.49`,
x86-64 or aarch64 Linux; it is no dependency of the product), else with this product's own open decode.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module, metadata
from pathlib import Path
from typing import Any

from agent.hearing.audio import SAMPLE_RATE, Float32
from agent.hearing.moonshine import TINY
from agent.hearing.recogniser import Recogniser

_LIBRARY = "moonshine_voice"


def library_decoder(models_dir: Path, recogniser: Recogniser) -> tuple[str, Callable[[Float32], object]]:
    """What decodes, and a function that takes float32 [n] at 16 kHz."""
    try:
        library: Any = import_module(_LIBRARY)
    except ImportError:
        return f"open decode by earmark, {TINY}", recogniser.transcribe
    transcriber = library.Transcriber(model_path=str(models_dir / TINY), model_arch=library.ModelArch.TINY)

    def decode(samples: Float32) -> object:
        return transcriber.transcribe_without_streaming(samples.tolist(), SAMPLE_RATE)

    return f"{_LIBRARY} {metadata.version(_LIBRARY.replace('_', '-'))}, {TINY}", decode
