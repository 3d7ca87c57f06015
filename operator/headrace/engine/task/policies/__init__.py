"""One policy a file. A policy looks at one task and has a verdict or none; see `chain`."""
