"""The definition of a run: tasks, their order, parameters, and their problems."""
