"""One task of a run: attempts, retries, limits, and the policies that decide what follows."""
