"""Who may do what, and where: the one gate, passwords, tokens and keys. No Flask, no pymongo."""
