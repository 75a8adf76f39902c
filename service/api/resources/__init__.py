"""One file a resource, with the marshmallow schemas that parse, write and document it."""
