"""The tasks of the flights pipeline: each module with a `main` is one step of workflow.yaml."""
