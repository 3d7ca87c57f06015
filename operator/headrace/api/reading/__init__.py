"""From an object as it was written to a spec, or to all that is wrong with it, told well."""
