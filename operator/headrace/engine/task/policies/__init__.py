"""One policy a file. A policy looks at one task and has an answer or none; see `chain`."""
