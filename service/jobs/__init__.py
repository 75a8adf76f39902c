"""Work that outlives a request: reconciliation and migration of stored records."""
