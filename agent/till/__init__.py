"""The process that decides and signs: it listens to `voice`, `uplink` and the operator, and opens no
network."""
