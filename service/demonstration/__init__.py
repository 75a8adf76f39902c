"""Demonstration households: a seeded generator of realistic but invented farm households of the province."""
