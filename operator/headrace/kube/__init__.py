"""
The Kubernetes API as any client needs it: requests, watches, caches that heal, the Lease.

Knows nothing of Headrace: no kind of ours, no label, no rule.
"""
