"""The benchmark behind scripts/bench: every figure is a ratio to a bare baseline in the same run."""
