"""Settings from the environment: what is read, and what the refusal of a value says."""

from __future__ import annotations

from dataclasses import fields

import pytest

from service.province import read_province
from service.settings import RANGES, Settings, read_settings
from service.settings_invalid import SettingsInvalid

ADDRESS = {"MONGODB_URI": "mongodb://127.0.0.1:27017/register"}


def test_a_setting_is_read_from_the_variable_of_its_name() -> None:
    settings = read_settings({**ADDRESS, "PROXIES": "2", "BORDER_TOLERATED_M": "12.5", "DATA_FOLDER": "/data"})
    assert (settings.proxies, settings.border_tolerated_m, settings.data_folder) == (2, 12.5, "/data")


def test_an_empty_variable_is_as_if_it_were_not_set() -> None:
    assert read_settings({**ADDRESS, "PROXIES": "", "DATA_FOLDER": ""}) == read_settings(ADDRESS)


def test_an_empty_form_folder_means_no_form() -> None:
    assert read_settings({**ADDRESS, "FORM_FOLDER": ""}).form_folder == ""


def test_without_a_database_nothing_is_read() -> None:
    with pytest.raises(SettingsInvalid, match="MONGODB_URI is not set"):
        read_settings({})


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("PROXIES", "two", "PROXIES='two': expected a whole number"),
        ("PROXIES", "1.5", "PROXIES='1.5': expected a whole number"),
        ("BORDER_TOLERATED_M", "far", "BORDER_TOLERATED_M='far': expected a number"),
        ("BORDER_TOLERATED_M", "nan", "BORDER_TOLERATED_M='nan': expected a number"),
        ("BORDER_TOLERATED_M", "inf", "BORDER_TOLERATED_M='inf': expected a number"),
        ("RECORD_BYTES", "-1", "RECORD_BYTES='-1': expected 1000 to 16000000"),
        ("RECORD_BYTES", "0", "RECORD_BYTES='0': expected 1000 to 16000000"),
        ("RECORD_BYTES", "1_000", "RECORD_BYTES='1_000': expected a whole number"),
        ("PROXIES", "-2", "PROXIES='-2': expected 0 to 100"),
        ("PROXIES", "٣", "PROXIES='٣': expected a whole number"),
        ("OPEN_DATA_DAYS", "-1", "OPEN_DATA_DAYS='-1': expected 0 to 3650"),
        ("SIGN_INS_PER_MINUTE", "-1", "SIGN_INS_PER_MINUTE='-1': expected 0 to 1000000000"),
        ("PARCEL_SMALLEST_M2", "-5", "PARCEL_SMALLEST_M2='-5': expected 0 to 1000000"),
        ("PARCEL_SMALLEST_M2", "1_0.5", "PARCEL_SMALLEST_M2='1_0.5': expected a number"),
        ("TRAIL_DAYS", "10", "TRAIL_DAYS='10': expected 366 to 36500"),
        ("KMS_PROVIDER", "vault", "KMS_PROVIDER='vault': expected one of aws, azure, gcp, kmip"),
        (
            "PUBLIC_ADDRESS",
            "nonsense",
            "PUBLIC_ADDRESS='nonsense': expected an address with https:// or http://, as https://nongho.example",
        ),
        (
            "PUBLIC_ADDRESS",
            "https://nongho.example/?a=1",
            (
                "PUBLIC_ADDRESS='https://nongho.example/?a=1': expected an address with https:// or http://, as "
                "https://nongho.example, without ? and #"
            ),
        ),
        (
            "OIDC_ISSUER",
            "https://login.example:x",
            (
                "OIDC_ISSUER='https://login.example:x': expected an address with https:// or http://, as "
                "https://login.example"
            ),
        ),
        (
            "TILE_URL",
            "javascript:alert(1)",
            (
                "TILE_URL='javascript:alert(1)': expected an address with https:// or http://, as "
                "https://tiles.example/{z}/{x}/{y}.png"
            ),
        ),
        (
            "TILE_URL",
            "https://tiles.example/{z}/{x}.png",
            (
                "TILE_URL='https://tiles.example/{z}/{x}.png': expected an address with https:// or http://, as "
                "https://tiles.example/{z}/{x}/{y}.png; {z}, {x}, {y} stand for zoom, column and row"
            ),
        ),
        (
            "KMS_MASTER_KEY",
            "arn:aws:kms",
            'KMS_MASTER_KEY: expected a JSON object that names the key, as {"region": "…", "key": "arn:…"}',
        ),
        (
            "PROVINCE",
            "40,",
            (
                "PROVINCE='40,': nothing is named before or after a comma; name a province there, as in 40,42, or "
                "leave the comma out"
            ),
        ),
        (
            "PROVINCE",
            ",42",
            (
                "PROVINCE=',42': nothing is named before or after a comma; name a province there, as in 40,42, or "
                "leave the comma out"
            ),
        ),
        (
            "AGENCY",
            "zz",
            f"AGENCY='zz': expected the identifier of an agency (QCVN 102:2016/BTTTT), as {read_province().agency}",
        ),
        (
            "HOLIDAYS",
            "2026-02-16,2026-02-30",
            "HOLIDAYS: '2026-02-30' is not a day; expected days with commas between them, as 2026-02-16,2026-02-17",
        ),
    ],
)
def test_a_refusal_names_the_setting_and_what_it_takes(name: str, text: str, expected: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({**ADDRESS, name: text})
    assert str(caught.value) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            {"PARCEL_SMALLEST_M2": "1000000", "PARCEL_LARGEST_M2": "1"},
            (
                "PARCEL_SMALLEST_M2=1000000 is more than PARCEL_LARGEST_M2=1: every boundary would get a finding. "
                "Lower the first or raise the second."
            ),
        ),
        ({"KMS_PROVIDER": "kmip"}, "KMS_PROVIDER='kmip': name its credentials with KMS_CREDENTIALS_FILE"),
        (
            {"KMS_PROVIDER": "aws", "KMS_CREDENTIALS_FILE": "aws.json"},
            "KMS_PROVIDER='aws': name the key that it holds with KMS_MASTER_KEY",
        ),
    ],
)
def test_settings_that_do_not_go_together_are_refused_with_the_way_out(settings: dict[str, str], expected: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({**ADDRESS, **settings})
    assert str(caught.value) == expected


def test_settings_that_go_together_are_read() -> None:
    same = {"PARCEL_SMALLEST_M2": "500", "PARCEL_LARGEST_M2": "500", "PROVINCE": "40, 42"}
    addresses = {
        "PUBLIC_ADDRESS": "https://nongho.example:8443/so/",
        "TILE_URL": "http://{s}.tiles.example/{z}/{x}/{y}{r}.png?key=1",
        "OIDC_ISSUER": "http://127.0.0.1:9/realms/an",
    }
    keys = {
        "KMS_PROVIDER": "aws",
        "KMS_CREDENTIALS_FILE": "aws.json",
        "KMS_MASTER_KEY": '{"region": "x", "key": "arn:x"}',
    }
    settings = read_settings({**ADDRESS, **same, **addresses, **keys})
    assert {name: getattr(settings, name.lower()) for name in (*addresses, *keys)} == addresses | keys
    kmip = {"KMS_PROVIDER": "kmip", "KMS_CREDENTIALS_FILE": "kmip.json"}
    assert read_settings({**ADDRESS, **kmip}).kms_master_key == ""


@pytest.mark.parametrize("named", ["zz", "40,zz", "42,nowhere.toml"])
def test_a_province_that_is_not_there_is_refused_when_the_settings_are_read(named: str) -> None:
    missing = named.rpartition(",")[2]
    with pytest.raises(SettingsInvalid, match=f"^PROVINCE={missing!r}: .* is not there. .*docs/province.md"):
        read_settings({**ADDRESS, "PROVINCE": named})


def test_a_province_that_is_named_twice_is_refused_when_the_settings_are_read() -> None:
    with pytest.raises(SettingsInvalid, match="PROVINCE='40,40': a province is named twice"):
        read_settings({**ADDRESS, "PROVINCE": "40,40"})


def test_every_number_has_a_range_in_which_its_default_lies() -> None:
    assert {field.name for field in fields(Settings) if field.type in {"int", "float"}} == RANGES.keys()
    usual = read_settings(ADDRESS)
    assert [name for name, (least, most) in RANGES.items() if not least <= getattr(usual, name) <= most] == []


@pytest.mark.parametrize("name", sorted(RANGES))
def test_the_ends_of_a_range_are_allowed_and_nothing_beyond(name: str) -> None:
    others = {**ADDRESS, "PARCEL_SMALLEST_M2": "0"}  # so that the largest parcel may be as small as its range allows
    for end, beyond in zip(RANGES[name], (-1, 1), strict=True):
        assert getattr(read_settings({**others, name.upper(): str(end)}), name) == end
        with pytest.raises(SettingsInvalid, match=f"{name.upper()}='{end + beyond}': expected"):
            read_settings({**others, name.upper(): str(end + beyond)})
