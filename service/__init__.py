"""The register's service, one room a noun of the domain; docs/architecture.md says what lives where."""
