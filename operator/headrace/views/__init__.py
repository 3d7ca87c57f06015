"""
What people look at: rows, explanations and pages of objects, for the command line and the web.

Values in, values out: objects as JSON, as the API server and the store of a laptop give them, and
the time. Knows no cluster, no terminal and no clock.
"""
