"""Checks of single values, for the API types. Knows no type."""
