"""The household record and every change to it, and the Reader: the only way out of the register."""
