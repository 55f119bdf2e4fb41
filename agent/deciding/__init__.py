"""Pure decisions: catalogue, understanding, dialogue, policy. Values in, values out; no I/O, no clock, no
randomness."""
