"""Work that outlives a request: reconciliation, migration of stored records, cursors over the log."""
