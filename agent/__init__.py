"""Earmark: the device agent. Voice in, one signed purchase intent out; nothing spoken leaves the device."""

__version__ = "0.1.0"
