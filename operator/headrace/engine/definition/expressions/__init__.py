"""Expressions in CEL: checked when a workflow is accepted, evaluated when a task may start."""
