"""The register's service: HTTP in api, rules in registry, MongoDB in storage, starting and stopping in running."""
