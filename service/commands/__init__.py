"""What the scripts do: each module is one command with a ``main``."""
