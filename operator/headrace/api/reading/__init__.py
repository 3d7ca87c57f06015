"""From an object that somebody wrote to a spec, or to its problems."""
