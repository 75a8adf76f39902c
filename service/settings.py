"""The service's settings: one frozen object, read once from the environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can differ between two installations. Field NAME is read from the variable NAME in capitals."""

    mongodb_uri: str
    """Address of the database with its name, e.g. mongodb://127.0.0.1:27017/so_nong_ho?replicaSet=register."""

    data_folder: str = ".run"
    """Where keys, the built form and the demonstration's accounts lie."""

    form_folder: str = ""
    """The built phone form; empty for none."""

    tile_url: str = ""
    """Map tiles for the phone form, e.g. https://tiles.example/{z}/{x}/{y}.png; empty for none."""

    tile_attribution: str = ""
    """Whose tiles they are, as text on the map."""

    record_bytes: int = 2_000_000
    """Largest body of one record, in bytes; a larger one gets 413."""

    body_bytes: int = 50_000_000
    """Largest body of any other request, in bytes."""

    database_timeout_seconds: float = 3.0
    """How long a request waits for the database before it answers 503."""

    transaction_seconds: float = 10.0
    """How long a write is tried again after transient errors before it answers 503."""

    units_refresh_seconds: float = 30.0
    """How often a worker looks whether the list of administrative units has changed."""

    agency: str = "000.00.00.H41"
    """Agency code on exchanged records (QCVN 102:2016); Nghệ An is 000.00.00.H41."""

    province: str = "40"
    """Code of the province that this register serves."""


class SettingsInvalid(Exception):
    """A variable of the environment cannot be read as its setting."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environment`` (default: the process's). Raises SettingsInvalid with the variable's name."""
    source = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for field in fields(Settings):
        name = field.name.upper()
        text = source.get(name)
        if text is None or (text == "" and field.name != "form_folder"):
            continue
        try:
            values[field.name] = _parse(str(field.type), text)
        except ValueError as error:
            raise SettingsInvalid(f"{name}={text!r}: {error}") from error
    if "mongodb_uri" not in values:
        raise SettingsInvalid(
            "MONGODB_URI is not set: name the database, e.g. mongodb://127.0.0.1:27017/so_nong_ho?replicaSet=register, "
            "or start the register with ./scripts/run, which brings its own."
        )
    return Settings(**values)  # type: ignore[arg-type]


def _parse(kind: str, text: str) -> object:
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    if kind == "bool":
        if text.lower() in {"1", "true", "yes"}:
            return True
        if text.lower() in {"0", "false", "no"}:
            return False
        raise ValueError("expected true or false")
    return text
