"""What every process stands on: errors, settings, IPC frames, launcher, sandbox, supervision."""
