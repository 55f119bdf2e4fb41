"""`earmark audio test`: microphones and loudspeakers; whether those of the settings work."""

from __future__ import annotations

import argparse
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from agent.commands.findings import Finding
from agent.hearing.audio import FRAME_MS, Int16
from agent.hearing.ear_health import ALL_ZERO, CLIPPED, CLIPPED_SHARE, NO_FRAMES, QUIETEST_PEAK, TOO_QUIET
from agent.hearing.levels import find_probe, level_of, probe
from agent.hearing.sound_card import Loudspeaker, Microphone
from agent.hearing.sound_devices import Kind, list_devices
from agent.plumbing.errors import AudioError
from agent.plumbing.settings import Audio
from agent.plumbing.settings_file import load_settings
from agent.plumbing.terminal import plain

_SHOWN_EVERY_FRAMES = 6  # about twice a second
_HEARD_SIMILARITY = 0.3  # an echo in a noisy room still reaches it
_LISTEN_MS = 2_400  # for the tone; a sound server may be half a second late
_NOISY_DBFS = -35.0
_METER_FLOOR_DBFS = 60

NEXT_STEPS = {
    NO_FRAMES: "plug it in again, or set [audio] input_device to another of the list",
    ALL_ZERO: "it is muted: a switch on it, alsamixer (F4), or pactl set-source-mute @DEFAULT_SOURCE@ 0",
    TOO_QUIET: "turn its capture volume up: alsamixer (F4)",
    CLIPPED: "turn its capture volume down: alsamixer (F4)",
    "audio_noisy": "move it away from what is loud, or use a headset",
    "audio_tone_not_heard": "turn the loudspeaker up, or set [audio] output_device; a headset is well so",
    "audio_sink_gone": "plug it in again, or set [audio] output_device to another of the list",
}


class Report(msgspec.Struct):
    """What `--json` prints; levels are in dBFS, null where nothing was measured."""

    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    microphone: dict[str, Any] | None = None
    loudspeaker: dict[str, Any] | None = None
    tone: dict[str, Any] | None = None
    findings: list[Finding] = []


def test(arguments: argparse.Namespace) -> int:
    """Lists, listens, plays and listens; 1 where something is bad."""
    settings = load_settings(arguments.settings).audio if Path(arguments.settings).exists() else Audio()
    show: Callable[[str], None] = (lambda _: None) if arguments.json else (lambda line: print(plain(line)))
    report = Report(_listed("input"), _listed("output"), findings=[])
    for kind, devices in (("microphones", report.inputs), ("loudspeakers", report.outputs)):
        show(f"{kind}: {', '.join(repr(device['name']) for device in devices) or 'none'}")
    with contextlib.ExitStack() as stack:
        microphone = _opened(report, lambda: Microphone(settings.input_device, settings.input_channel))
        if isinstance(microphone, Microphone):
            stack.callback(microphone.close)
            _listen(report, microphone, arguments.seconds, show)
        if not arguments.no_tone:
            loudspeaker = _opened(report, lambda: Loudspeaker(settings.output_device))
            if isinstance(loudspeaker, Loudspeaker):
                stack.callback(loudspeaker.close)
                _play_and_listen(report, loudspeaker, microphone, show)
    if arguments.json:
        print(msgspec.json.encode(report).decode())
    for finding in report.findings:
        show(f"{finding.state:>5}  {finding.what}: {finding.detail}")
        show(f"       next: {finding.next_step}")
    if not report.findings:
        show("all well")
    return 1 if any(finding.state == "bad" for finding in report.findings) else 0


def _listed(kind: Kind) -> list[dict[str, Any]]:
    return [
        {"name": device.name, "channels": device.channels, "rate_hz": device.rate_hz}
        for device in list_devices(kind)
    ]


def _opened(report: Report, opens: Callable[[], Microphone | Loudspeaker]) -> Microphone | Loudspeaker | None:
    try:
        return opens()
    except AudioError as error:
        report.findings.append(Finding(error.code, "bad", error.detail, error.next_step))
        return None


def _listen(report: Report, microphone: Microphone, seconds: float, show: Callable[[str], None]) -> None:
    show(f"listening to '{microphone.name}' at {microphone.rate_hz} Hz for {seconds:g} s: say something")
    frames: list[Int16] = []
    missing = 0
    with contextlib.suppress(AudioError):
        microphone.read(2.0)  # a sound server takes a moment to bring its first
        microphone.drop_pending()
        for number in range(int(seconds * 1_000 / FRAME_MS)):
            frame = microphone.read(2 * FRAME_MS / 1_000)
            if frame is None:
                missing += 1
                continue
            frames.append(frame)
            if number % _SHOWN_EVERY_FRAMES == 0:
                show(_meter(level_of(frame).rms_dbfs))
    whole = level_of(np.concatenate(frames) if frames else np.zeros(0, np.int16))
    floor = float(np.percentile([level_of(frame).rms_dbfs for frame in frames], 10)) if frames else None
    report.microphone = {
        "name": microphone.name,
        "rate_hz": microphone.rate_hz,
        "frames": len(frames),
        "missing": missing,
        "level_dbfs": round(whole.rms_dbfs, 1),
        "peak_dbfs": round(whole.peak_dbfs, 1),
        "noise_floor_dbfs": None if floor is None else round(floor, 1),
        "clipped_share": round(whole.clipped_share, 4),
    }
    if floor is not None:
        show(
            f"level {whole.rms_dbfs:.0f} dBFS, peak {whole.peak_dbfs:.0f} dBFS, noise floor {floor:.0f} dBFS"
        )
    for code, state, detail in _what_is_wrong(frames, missing, floor):
        report.findings.append(Finding(code, state, detail, NEXT_STEPS[code]))


def _what_is_wrong(frames: list[Int16], missing: int, floor: float | None) -> list[tuple[str, Any, str]]:
    if not frames or missing > len(frames):
        return [(NO_FRAMES, "bad", f"{len(frames)} frames came, {missing} did not")]
    sound = np.concatenate(frames)
    peak, clipped = int(np.abs(sound.astype(np.int32)).max()), level_of(sound).clipped_share
    if peak == 0:
        return [(ALL_ZERO, "bad", "every sample is zero")]
    if peak <= QUIETEST_PEAK:
        return [(TOO_QUIET, "bad", f"no sample is above {peak} of 32767")]
    found = []
    if clipped >= CLIPPED_SHARE:
        found.append((CLIPPED, "bad", f"{100 * clipped:.0f} % of the samples are at the limit"))
    if floor is not None and floor > _NOISY_DBFS:
        found.append(("audio_noisy", "note", f"its quietest moments are at {floor:.0f} dBFS"))
    return found


def _play_and_listen(
    report: Report,
    loudspeaker: Loudspeaker,
    microphone: Microphone | Loudspeaker | None,
    show: Callable[[str], None],
) -> None:
    show(f"playing a tone on '{loudspeaker.name}'")
    report.loudspeaker = {"name": loudspeaker.name, "rate_hz": loudspeaker.rate_hz}
    faults: list[AudioError] = []

    def play() -> None:
        try:
            loudspeaker.write(probe())
            loudspeaker.finish()
        except AudioError as error:
            faults.append(error)

    playing = threading.Thread(target=play)
    heard: list[Int16] = []
    if isinstance(microphone, Microphone):
        with contextlib.suppress(AudioError):
            microphone.drop_pending()
            playing.start()
            frames = (microphone.read(2 * FRAME_MS / 1_000) for _ in range(_LISTEN_MS // FRAME_MS))
            heard = [frame for frame in frames if frame is not None]
    if playing.ident is None:
        playing.start()
    playing.join()
    for fault in faults:
        report.findings.append(Finding(fault.code, "bad", fault.detail, NEXT_STEPS["audio_sink_gone"]))
    if faults or not heard:
        return
    found = find_probe(np.concatenate(heard))
    was_heard = found.similarity >= _HEARD_SIMILARITY
    report.tone = {"heard": was_heard, "similarity": round(found.similarity, 2), "at_ms": found.at_ms}
    if was_heard:
        show(f"the microphone heard it (similarity {found.similarity:.2f}, {found.at_ms} ms after the start)")
    else:
        detail = f"the microphone did not hear it (similarity {found.similarity:.2f})"
        report.findings.append(
            Finding("audio_tone_not_heard", "bad", detail, NEXT_STEPS["audio_tone_not_heard"])
        )


def _meter(dbfs: float) -> str:
    bar = "#" * max(0, round((dbfs + _METER_FLOOR_DBFS) / 2))
    return f"  {dbfs:6.1f} dBFS {bar}"
