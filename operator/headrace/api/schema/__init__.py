"""From the types to what is made of them: CRDs, the API server's rules, reference pages."""
