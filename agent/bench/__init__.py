"""Benchmarks behind the figures, and the written conversations that tests hold: `earmark bench …`."""
