"""Other forms of the schema, each a function of the definition."""
