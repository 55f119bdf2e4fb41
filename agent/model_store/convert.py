"""The conversions that models.toml can ask for, by name. Each gives the same bytes on every machine."""

from __future__ import annotations

from agent.plumbing.errors import ModelError


def convert(step: str, source: bytes) -> bytes:
    """The converted file. Raises ModelError: model_unknown_step, and what the step itself raises."""
    # onnx is slow to load and needed only here, once in the life of a device
    match step:
        case "ge2e-from-torch":
            from agent.model_store.ge2e_onnx import build_ge2e
            from agent.model_store.torch_checkpoint import read_state_dict

            return build_ge2e(read_state_dict(source, "model_state"))
        case "moonshine-decoder-from-ort":
            from agent.model_store.moonshine_onnx import moonshine_decoder_from_ort

            return moonshine_decoder_from_ort(source)
        case "vosk-wide-search":
            from agent.model_store.vosk_conf import widened

            return widened(source)
    raise ModelError("model_unknown_step", f"no conversion is called {step!r}", "update earmark-agent")
