"""Demonstration households: a seeded generator of believable farm households of Nghệ An, none of them real."""
