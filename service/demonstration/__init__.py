"""Demonstration households: a seeded generator of believable farm households of Nghệ An. Nothing of it is a real person."""
