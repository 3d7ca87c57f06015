"""
The Kubernetes API for any client: requests, watches, caches that heal, the Lease.

Knows nothing of Headrace: no kind, no label, no rule of it.
"""
