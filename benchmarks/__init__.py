"""The benchmark: every figure a ratio against a bare baseline in the same run. Started by scripts/bench."""
