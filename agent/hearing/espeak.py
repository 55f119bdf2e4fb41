"""Text to speech by espeak-ng's library, for the languages that hibari does not speak.

The library and not the program: this process starts none. espeak-ng is GPL-3.0 and comes with the system.
"""

from __future__ import annotations

import ctypes

import numpy as np

from agent.hearing.audio import Float32
from agent.plumbing.errors import AudioError

LANGUAGES = ("de", "ko", "pl")

_SYNCHRONOUS, _DO_NOT_EXIT, _UTF8, _BY_CHARACTER = 2, 0x8000, 1, 1  # speak_lib.h
_RATE, _WORDS_PER_MINUTE = 1, 150

_Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Espeak:
    """One for the whole process, as the library is. Raises AudioError('speech_language') without it."""

    def __init__(self) -> None:
        step = "apt-get install espeak-ng"
        try:
            self._library = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise AudioError("speech_language", f"espeak-ng does not load: {error}", step) from error
        self.rate = int(self._library.espeak_Initialize(_SYNCHRONOUS, 0, None, _DO_NOT_EXIT))
        if self.rate <= 0:
            raise AudioError("speech_language", "espeak-ng finds no voices", step)
        self._parts: list[Float32] = []
        self._callback = _Callback(self._take)  # kept: the library calls it later
        self._library.espeak_SetSynthCallback(self._callback)

    def __call__(self, text: str, language: str, rate_percent: int = 100) -> Float32:
        """float32 [n] at `rate`, in -1..1, at that part of the usual speed. Raises
        AudioError('speech_language')."""
        self._library.espeak_SetParameter(_RATE, _WORDS_PER_MINUTE * rate_percent // 100, 0)
        if self._library.espeak_SetVoiceByName(language.encode()) != 0:
            raise AudioError("speech_language", f"espeak-ng has no voice for {language!r}")
        self._parts.clear()
        data = text.encode() + b"\0"
        self._library.espeak_Synth(data, ctypes.c_size_t(len(data)), 0, _BY_CHARACTER, 0, _UTF8, None, None)
        return np.concatenate([np.zeros(0, np.float32), *self._parts])

    def _take(self, samples: ctypes._Pointer[ctypes.c_short], count: int, _: int | None) -> int:
        if samples and count > 0:
            self._parts.append(np.ctypeslib.as_array(samples, (count,)).astype(np.float32) / 32_768.0)
        return 0
