"""Functions of expressions besides CEL's own: each is bounded, and reads no clock."""
