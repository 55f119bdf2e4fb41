"""What a value in the settings may be."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

Fraction = Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
Milliseconds = Annotated[int, msgspec.Meta(ge=1, le=600_000)]
MinorUnits = Annotated[int, msgspec.Meta(ge=0, le=10_000_000_00)]
Seconds = Annotated[int, msgspec.Meta(ge=5, le=604_800)]
Rest = Annotated[float, msgspec.Meta(ge=0.1, le=3_600)]
Decibels = Annotated[float, msgspec.Meta(ge=0, le=60)]
Gap = Annotated[float, msgspec.Meta(le=0)]
WakePhrase = Annotated[str, msgspec.Meta(pattern="^(okay_nabu|hey_jarvis|alexa|hey_mycroft)$")]
Patience = Annotated[int, msgspec.Meta(ge=1, le=2_592_000)]
LongRest = Annotated[int, msgspec.Meta(ge=1, le=604_800)]
TimeOfDay = Annotated[str, msgspec.Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$")]
Unit = Literal["percent", "g", "kg", "ml", "l", "piece"]
Amount = Annotated[float, msgspec.Meta(ge=0, le=1e9)]
Name = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
_PORT = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
Address = Annotated[str, msgspec.Meta(pattern=rf"^[A-Za-z0-9.-]{{1,253}}:{_PORT}\Z")]
