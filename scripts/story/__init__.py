"""The demo's story: synthetic customers in a simulated room, the real device, a real broker and the real
shop."""
