"""Brings the fixtures of real clusters to all folders; without one, they say what is left out."""

pytest_plugins = ["cluster.fixtures", "cluster.control"]
