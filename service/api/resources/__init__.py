"""The resources of the API: views and the marshmallow schemas that parse, write and document each.

A resource has one file, or two where its schemas would make that too long (``account_schemas.py``).
"""
