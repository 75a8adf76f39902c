"""The service's settings: one frozen object, read once from the environment."""

from __future__ import annotations

import json
import math
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import date
from typing import Final
from urllib.parse import urlsplit

from service.province import Province, read_province
from service.settings_invalid import SettingsInvalid


@dataclass(frozen=True, slots=True)
class Settings:
    """What can differ between two installations. A field is read from the variable with its name in capitals."""

    mongodb_uri: str
    """Address of the database with its name, e.g. mongodb://127.0.0.1:27017/so_nong_ho?replicaSet=register."""

    province: str = ""
    """The province that is served: the code of one that comes with the register, or the path of a file
    (docs/province.md); empty for the one that provinces/default.toml names. Several, with commas between them, share
    one register, whose own province is the first."""

    agency: str = ""
    """Identifier of the agency that runs the register (QCVN 102:2016/BTTTT); empty for the one of the province's."""

    data_folder: str = ".run"
    """Folder of the keys, the built form and the demonstration's accounts."""

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

    photo_bytes: int = 300_000
    """Largest photo of a paper, in bytes; a larger one gets 413."""

    photos_per_household: int = 20
    """Most photos of papers that a household may have."""

    database_timeout_seconds: float = 3.0
    """How long a request waits for the database before its response is 503."""

    transaction_seconds: float = 10.0
    """How long a write is retried after transient errors before its response is 503."""

    units_refresh_seconds: float = 30.0
    """How often a worker checks whether the list of administrative units has changed."""

    parcel_smallest_m2: float = 25.0
    """A boundary that encloses less gets a finding, in m²."""

    parcel_largest_m2: float = 5_000_000.0
    """A boundary that encloses more gets a finding, in m² (500 ha)."""

    overlap_tolerated_percent: float = 5.0
    """How much of the smaller of two parcels may lie on the other before both records get a finding."""

    overlap_tolerated_width_m: float = 5.0
    """Width of a strip along their common boundary that two parcels may share, in metres."""

    border_tolerated_m: float = 100.0
    """How far outside its commune, or outside the province, a parcel may lie without a finding, in metres."""

    area_tolerated_percent: float = 10.0
    """How far a declared area may be from the measured one without a finding…"""

    area_tolerated_m2: float = 100.0
    """…and a difference smaller than this, in m², has none either."""

    keys_folder: str = ""
    """Folder of the key files; empty for ``keys`` in the data folder, where they are created at the first start."""

    kms_provider: str = ""
    """Key management service that holds the master key: aws, azure, gcp or kmip; empty for a key file."""

    kms_credentials_file: str = ""
    """JSON file with the service's credentials, as pymongo's kms_providers takes them, and under `tls` the files
    of the connection to it (tlsCAFile, tlsCertificateKeyFile); mode 0600."""

    kms_master_key: str = ""
    """JSON that names the master key, as pymongo's master_key takes it, e.g. {"region": "…", "key": "arn:…"}; needed
    for aws, azure and gcp."""

    public_address: str = ""
    """Address under which people reach the register, e.g. https://nongho.example; needed for OpenID sign-in."""

    token_seconds: int = 600
    """Lifetime of an access token; a suspended account is locked out within seconds all the same."""

    session_idle_days: int = 45
    """Days without use after which a device has to sign in again."""

    session_longest_days: int = 180
    """Days after which a device has to sign in again, however often it was used."""

    sign_ins_per_minute: int = 300
    """Most requests for tokens from one address in a minute, over all workers; 0 for no limit."""

    requests_per_minute: int = 120_000
    """Most requests of one account in a minute, over all workers; 0 for no limit."""

    proxies: int = 0
    """How many proxies stand before the service and set X-Forwarded-For and -Proto; with 0 both are ignored."""

    trail_days: int = 400
    """Days that the audit trail is stored; never fewer than 366."""

    holidays: str = "2026-02-16,2026-02-17,2026-02-18,2026-02-19,2026-02-20,2026-04-27,2026-09-01"
    """Public holidays beside 1 January, 30 April, 1 May and 2 September, as announced for each year."""

    open_data_days: int = 30
    """Days from one publication of open data to the next; 0 publishes none."""

    open_data_licence: str = ""
    """Address of the licence that open data are published under; empty for the one in the province's file."""

    oidc_issuer: str = ""
    """The province's own OpenID provider; empty for none."""

    oidc_client_id: str = ""
    """The register's client id at the provider."""

    oidc_client_secret_file: str = ""
    """File with the register's secret at the provider, mode 0600; empty for a public client with PKCE alone."""


RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "record_bytes": (1_000, 16_000_000),
    "body_bytes": (1_000, 1_000_000_000),
    "photo_bytes": (1_000, 15_000_000),
    "photos_per_household": (0, 1_000),
    "database_timeout_seconds": (0.1, 600),
    "transaction_seconds": (0.1, 60),
    "units_refresh_seconds": (0, 3_600),
    "parcel_smallest_m2": (0, 1_000_000),
    "parcel_largest_m2": (1, 1_000_000_000),
    "overlap_tolerated_percent": (0, 100),
    "overlap_tolerated_width_m": (0, 1_000),
    "border_tolerated_m": (0, 100_000),
    "area_tolerated_percent": (0, 100),
    "area_tolerated_m2": (0, 1_000_000),
    "token_seconds": (10, 86_400),
    "session_idle_days": (1, 3_650),
    "session_longest_days": (1, 3_650),
    "sign_ins_per_minute": (0, 1_000_000_000),
    "requests_per_minute": (0, 1_000_000_000),
    "proxies": (0, 100),
    "trail_days": (366, 36_500),
    "open_data_days": (0, 3_650),
}
"""The least and the greatest value of every setting that is a number."""

KMS_PROVIDERS: Final = ("aws", "azure", "gcp", "kmip")
_NAME_THEIR_KEY: Final = ("aws", "azure", "gcp")
"""Services of which KMS_MASTER_KEY has to name a key; kmip makes one where none is named."""

_TILE: Final = ("{z}", "{x}", "{y}")
_EXAMPLES: Final[Mapping[str, str]] = {
    "PUBLIC_ADDRESS": "https://nongho.example",
    "OIDC_ISSUER": "https://login.example",
    "TILE_URL": "https://tiles.example/{z}/{x}/{y}.png",
}
"""The settings that are addresses, with an example of each."""


def read_settings(environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from ``environment`` (default: the process's).

    Raises SettingsInvalid with the variable's name, its value and what is allowed; also for provinces that cannot be
    served, so that nothing begins that would fail later.
    """
    source = os.environ if environment is None else environment
    values: dict[str, object] = {}
    for field in fields(Settings):
        name = field.name.upper()
        text = source.get(name)
        if text is None or (text == "" and field.name != "form_folder"):
            continue
        values[field.name] = _PARSERS[str(field.type)](name, text)
    if "mongodb_uri" not in values:
        raise SettingsInvalid(
            "MONGODB_URI is not set: name the database, e.g. mongodb://127.0.0.1:27017/so_nong_ho?replicaSet=register, "
            "or start the register with ./scripts/run, which brings its own."
        )
    settings = Settings(**values)  # type: ignore[arg-type]
    provinces_of(settings)
    _require_consistent(settings)
    return settings


def _require_consistent(settings: Settings) -> None:
    """Raise SettingsInvalid where one setting contradicts another, or lacks another that it needs."""
    smallest, largest = settings.parcel_smallest_m2, settings.parcel_largest_m2
    if smallest > largest:
        raise SettingsInvalid(
            f"PARCEL_SMALLEST_M2={smallest:.15g} is more than PARCEL_LARGEST_M2={largest:.15g}: every boundary would "
            "get a finding. Lower the first or raise the second."
        )
    provider = settings.kms_provider
    if provider and not settings.kms_credentials_file:
        raise SettingsInvalid(f"KMS_PROVIDER={provider!r}: name its credentials with KMS_CREDENTIALS_FILE")
    if provider in _NAME_THEIR_KEY and not settings.kms_master_key:
        raise SettingsInvalid(f"KMS_PROVIDER={provider!r}: name the key that it holds with KMS_MASTER_KEY")


def province_of(settings: Settings) -> Province:
    """Return the province that the settings name. Raises SettingsInvalid, whose text says what to do."""
    return read_province(settings.province, agency=settings.agency, licence=settings.open_data_licence)


def provinces_of(settings: Settings) -> tuple[Province, ...]:
    """Return all provinces that the settings name, the register's own first. Raises SettingsInvalid."""
    first, *beside = (named.strip() for named in settings.province.split(","))
    if beside and not all((first, *beside)):
        raise SettingsInvalid(
            f"PROVINCE={settings.province!r}: nothing is named before or after a comma; name a province there, "
            "as in 40,42, or leave the comma out"
        )
    found = (province_of(settings), *(read_province(named) for named in beside))
    codes = [province.code for province in found]
    if len(set(codes)) < len(codes):
        raise SettingsInvalid(f"PROVINCE={settings.province!r}: a province is named twice; name each once")
    return found


def _parse_integer(name: str, text: str) -> int:
    # int() also reads 1_000 and the digits of other scripts, which nobody means to write here.
    if re.fullmatch(r"\s*[+-]?[0-9]+\s*", text) is None:
        raise SettingsInvalid(f"{name}={text!r}: expected a whole number")
    return int(_within(name, text, int(text)))


def _parse_number(name: str, text: str) -> float:
    number = float(text) if re.fullmatch(r"\s*[+-]?[0-9]*\.?[0-9]+([eE][+-]?[0-9]+)?\s*", text) else math.nan
    if not math.isfinite(number):
        raise SettingsInvalid(f"{name}={text!r}: expected a number")
    return _within(name, text, number)


def _within(name: str, text: str, number: float) -> float:
    """Return the number. Raises SettingsInvalid where it is outside the range of the setting."""
    least, most = RANGES[name.lower()]
    if not least <= number <= most:
        raise SettingsInvalid(f"{name}={text!r}: expected {least} to {most}")
    return number


def _parse_text(name: str, text: str) -> str:
    if name == "KMS_PROVIDER" and text not in KMS_PROVIDERS:
        raise SettingsInvalid(f"{name}={text!r}: expected one of {', '.join(KMS_PROVIDERS)}")
    if name in _EXAMPLES:
        _require_address(name, text)
    if name == "KMS_MASTER_KEY":
        _require_object(name, text)
    if name == "HOLIDAYS":
        for day in filter(None, map(str.strip, text.split(","))):
            _require_day(name, day)
    return text


def _require_address(name: str, text: str) -> None:
    """Raise SettingsInvalid for what is no address of a web server, or of tiles lacks the place of a tile."""
    expected = f"expected an address with https:// or http://, as {_EXAMPLES[name]}"
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port  # a port that is no number is reported only when it is read
    except ValueError:
        raise SettingsInvalid(f"{name}={text!r}: {expected}") from None
    if parts.scheme not in ("https", "http") or not host or re.search(r"\s", text):
        raise SettingsInvalid(f"{name}={text!r}: {expected}")
    if name == "TILE_URL" and not all(part in text for part in _TILE):
        raise SettingsInvalid(f"{name}={text!r}: {expected}; {', '.join(_TILE)} stand for zoom, column and row")
    if name != "TILE_URL" and (parts.query or parts.fragment):
        raise SettingsInvalid(f"{name}={text!r}: {expected}, without ? and #")


def _require_object(name: str, text: str) -> None:
    try:
        named = json.loads(text)
    except ValueError:
        named = None
    if not isinstance(named, dict):  # its value is not repeated, which may be a secret that was put into a wrong place
        raise SettingsInvalid(
            f'{name}: expected a JSON object that names the key, as {{"region": "…", "key": "arn:…"}}'
        )


def _require_day(name: str, text: str) -> None:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise SettingsInvalid(
            f"{name}: {text!r} is not a day; expected days with commas between them, as 2026-02-16,2026-02-17"
        ) from None


_PARSERS: Final[dict[str, Callable[[str, str], object]]] = {
    "str": _parse_text,
    "int": _parse_integer,
    "float": _parse_number,
}
