"""One task of a run: attempts, retries, limits, and the policies that say what comes next."""
