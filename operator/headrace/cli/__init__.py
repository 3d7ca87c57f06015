"""The program `headrace`: one file per command."""
