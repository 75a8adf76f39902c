"""The audit trail: who read or changed whose record, when, from where; append-only and hash-chained."""
