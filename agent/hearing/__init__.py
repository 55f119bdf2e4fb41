"""From sound to words and a speaker embedding, and from words to sound. Runs in `voice`; no network."""
