"""Settings from the environment: what is read, and what the refusal of a value says."""

from __future__ import annotations

import pytest

from service.settings import SettingsInvalid, read_settings

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
    ],
)
def test_a_refusal_names_the_setting_and_what_it_takes(name: str, text: str, expected: str) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        read_settings({**ADDRESS, name: text})
    assert str(caught.value) == expected
