"""The operator process. Only this package knows kopf."""
