"""Which microphone and loudspeaker the settings mean."""

from __future__ import annotations

from agent.hearing.audio import AudioSink, AudioSource
from agent.hearing.fed_audio import FedSink, FedSource
from agent.hearing.sound_link import LinkedLoudspeaker, LinkedMicrophone
from agent.plumbing.settings import Audio


def open_audio(settings: Audio) -> tuple[AudioSource, AudioSink]:
    """Microphone and loudspeaker, or the sockets 'fd:N' in place of either.

    Raises AudioError: audio_no_library, audio_no_device, audio_device_ambiguous, audio_device_busy.
    """
    source: AudioSource
    sink: AudioSink
    if settings.source == "microphone":
        source = LinkedMicrophone(settings.input_device, settings.input_channel)
    else:
        source = FedSource(_descriptor(settings.source))
    if settings.sink == "loudspeaker":
        sink = LinkedLoudspeaker(settings.output_device)
    else:
        sink = FedSink(_descriptor(settings.sink))
    return source, sink


def _descriptor(value: str) -> int:
    """Of 'fd:N', as the settings allow it."""
    return int(value.partition(":")[2])
