"""The functions that expressions have besides CEL's own: each is bounded, and reads no clock and no file."""
