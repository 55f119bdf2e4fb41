"""The machine's sound devices by name, as PortAudio lists them."""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

from agent.plumbing.errors import AudioError

Kind = Literal["input", "output"]


class SoundDevice(NamedTuple):
    """`channels`, `rate_hz`: what it has and prefers in the direction asked for."""

    number: int
    name: str
    channels: int
    rate_hz: int


def portaudio() -> Any:
    """The module `sounddevice`. Raises AudioError('audio_no_library')."""
    try:
        import sounddevice
    except OSError as error:  # the package is there, the shared library is not
        raise AudioError(
            "audio_no_library", "PortAudio is missing", "apt-get install libportaudio2"
        ) from error
    return sounddevice


def look_again() -> None:
    """Lists the devices anew; no stream may be open. PortAudio looks only when it is initialised, so what
    was plugged in later is found by beginning afresh (python-sounddevice, FAQ)."""
    library = portaudio()
    library._terminate()
    library._initialize()


def list_devices(kind: Kind) -> list[SoundDevice]:
    """Those with channels in that direction. Raises AudioError('audio_no_library')."""
    return [
        SoundDevice(
            number, device["name"], device[f"max_{kind}_channels"], round(device["default_samplerate"])
        )
        for number, device in enumerate(portaudio().query_devices())
        if device[f"max_{kind}_channels"] > 0
    ]


def find_device(name: str, kind: Kind) -> SoundDevice:
    """The device called `name` exactly, else the one whose name contains it (capitals do not matter); '' is
    the default.

    Raises AudioError: audio_no_library, audio_no_device, audio_device_ambiguous (several contain it); the
    detail lists what is there.
    """
    library, devices = portaudio(), list_devices(kind)
    if not name:
        default = library.default.device[kind == "output"]
        return next((device for device in devices if device.number == default), None) or _one(
            devices[:1], name, kind, devices
        )
    exact = [device for device in devices if device.name == name]
    wanted = name.casefold()
    return _one(
        exact[:1] or [device for device in devices if wanted in device.name.casefold()], name, kind, devices
    )


def _one(found: list[SoundDevice], name: str, kind: Kind, devices: list[SoundDevice]) -> SoundDevice:
    if len(found) == 1:
        return found[0]
    there = ", ".join(f"'{device.name}'" for device in devices) or "none"
    step = f"set [audio] {kind}_device to one of them; then: earmark audio test"
    if found:
        several = ", ".join(f"'{device.name}'" for device in found)
        raise AudioError("audio_device_ambiguous", f"{kind} '{name}' could be any of {several}", step)
    if not devices:
        step = "plug one in; arecord -l shows what the kernel sees"
    wanted = f"{kind} device '{name}'" if name else f"{kind} device"
    raise AudioError("audio_no_device", f"no {wanted}; there is: {there}", step)
