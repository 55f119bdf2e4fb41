"""What makes a device's catalogue of what a shop wrote; no part of a device."""
