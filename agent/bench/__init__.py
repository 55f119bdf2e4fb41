"""Benchmarks behind every figure in the README: `earmark bench …`."""
