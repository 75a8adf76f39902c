"""The ministry data schema of the farm household, defined once; every other form of it is derived from this."""
