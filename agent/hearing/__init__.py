"""From sound to words and a voiceprint embedding, and from words to sound. Runs in `voice`; no network, no keys."""
