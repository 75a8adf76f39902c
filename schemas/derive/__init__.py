"""The other forms of the schema, each a function of the definition."""
