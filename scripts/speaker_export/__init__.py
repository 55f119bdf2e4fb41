"""The export of a speaker model: SpeechBrain's half, the comparison with it, and the entry in models.toml."""
