"""Programs that write sound into a file need no sound server."""

from __future__ import annotations

WITHOUT_SOUND_SERVER = {"PULSE_SERVER": "none"}
"""Environment of an espeak-ng that only writes a file: it would still call PulseAudio, whose library leaves
folders in /tmp and the home."""
