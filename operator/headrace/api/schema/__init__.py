"""From the types to CRDs, rules of the API server, and reference pages."""
