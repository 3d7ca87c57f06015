"""The database of ended runs. Knows SQL and objects as JSON. Knows no cluster."""
