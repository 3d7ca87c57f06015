"""Data pipelines on Kubernetes: a Workflow's tasks run as Jobs, in dependency order."""
