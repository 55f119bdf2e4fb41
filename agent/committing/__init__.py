"""The road of an agreed order: keys, mandates, journal, outbox, receipts (`till`) and the carrier
(`uplink`)."""
