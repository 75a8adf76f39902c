"""One file a resource, with the marshmallow schemas that parse, answer and document it."""
