"""The names of the API, and its largest number of tasks. A light module: commands start at once."""

GROUP = "headrace.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

MAX_TASKS = 5000

WEBHOOKS = "/webhooks/{namespace}/{workflow}"
"""The path where a receiver takes deliveries for a workflow."""
