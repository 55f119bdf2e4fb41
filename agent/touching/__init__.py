"""Keypad, badge reader and button: factors that do not pass through `voice`. Runs in `touch`; nothing
else."""
