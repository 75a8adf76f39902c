"""The commands behind scripts/: each module is one command with a ``main``."""
