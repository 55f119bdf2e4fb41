"""Which microphone and loudspeaker the settings mean."""

from __future__ import annotations

from agent.hearing.audio import AudioSink, AudioSource
from agent.hearing.fed_audio import FedSink, FedSource
from agent.plumbing.errors import ConfigurationError
from agent.plumbing.settings import Audio


def open_audio(settings: Audio) -> tuple[AudioSource, AudioSink]:
    """Microphone and loudspeaker, or the sockets 'fd:N' in place of either.

    Raises ConfigurationError('config_invalid'), AudioError: audio_no_library, audio_no_device.
    """
    source: AudioSource
    sink: AudioSink
    if settings.source == "microphone":
        from agent.hearing.sound_card import Microphone

        source = Microphone(settings.input_device)
    else:
        source = FedSource(_descriptor(settings.source, "audio.source"))
    if settings.sink == "loudspeaker":
        from agent.hearing.sound_card import Loudspeaker

        sink = Loudspeaker(settings.output_device)
    else:
        sink = FedSink(_descriptor(settings.sink, "audio.sink"))
    return source, sink


def _descriptor(value: str, field: str) -> int:
    kind, _, number = value.partition(":")
    if kind != "fd" or not number.isdecimal():
        raise ConfigurationError("config_invalid", f"{field} = {value!r}", "leave it out, or give 'fd:N'")
    return int(number)
