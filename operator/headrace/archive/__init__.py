"""
The archive: ended runs in a SQL database, so that they outlive the cluster's memory.

`ledger/` has the database: rows in, objects out. Beside it is the process that watches ended runs,
copies each into the ledger, and then marks it.
"""
