"""PROVINCE=42: the register serves Hà Tĩnh, and nothing that it says is Nghệ An's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
import shapely
from flask import Flask
from pymongo import MongoClient

from schemas.geometry import geometry_json
from service.commands.accounts import main as accounts
from service.demonstration.registering import register as demonstrate
from service.parcels.reference_systems import SYSTEMS, geometry_from_wgs84
from service.roles import Role
from service.settings import Settings, read_settings
from service.settings_invalid import SettingsInvalid
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.unit_names import UnitId
from tests.api.asking import Register
from tests.api.signed_in import token_of
from tests.apps import opened_app
from tests.builders import MovedClock, a_head, a_household, a_parcel, a_personal_number
from tests.conftest import named

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

THANH_SEN, TRAN_PHU, VUNG_ANG, HOANH_SON = "18073", "18100", "18823", "18832"
HOUSE = (105.905, 18.345)
FIELD = shapely.box(105.905, 18.345, 105.9054, 18.3453)


@pytest.fixture(scope="module")
def settings(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Settings of a register of Hà Tĩnh, with two communes' borders and no household."""
    data_folder = str(tmp_path_factory.mktemp("data"))
    uri = named(mongodb_uri, "test_ha_tinh")
    made = read_settings({"MONGODB_URI": uri, "DATA_FOLDER": data_folder, "PROVINCE": "42", "AGENCY": "H27.12"})
    migrate(made, say=lambda _: None)
    store = Repositories(made)
    store.borders.replace_borders(
        {
            UnitId(THANH_SEN): shapely.box(105.86, 18.31, 105.92, 18.37),
            UnitId(TRAN_PHU): shapely.box(105.86, 18.37, 105.92, 18.42),
        }
    )
    store.close()
    yield made
    with MongoClient[dict[str, object]](uri) as client:
        client.drop_database("test_ha_tinh")


@pytest.fixture(scope="module")
def app(settings: Settings) -> Iterator[Flask]:
    with opened_app(settings, MovedClock()) as app:
        yield app


@pytest.fixture
def register(app: Flask) -> Register:
    return Register(app.test_client())


def of_ha_tinh(**items: object) -> dict[str, object]:
    parcel = a_parcel(geometry=geometry_json(FIELD), declared_area_m2=1400)
    head = a_head(national_id=a_personal_number(place="042"))
    return a_household(**{"commune": THANH_SEN, "head": head, "parcels": [parcel], **items})


def test_a_household_is_registered_and_counted(register: Register) -> None:
    record = register.registered(**of_ha_tinh())
    assert (record["commune"], record["findings"], record["stage"]) == (THANH_SEN, [], "digitized")
    report = register.json("/v1/coverage?level=province")
    assert [(row["unit"], row["name"]) for row in report["rows"]] == [("42", "Hà Tĩnh")]
    assert report["total"]["registered"] >= 1
    communes = register.json("/v1/coverage")
    assert (communes["total"]["units"], communes["total"]["registered"]) == (69, report["total"]["registered"])
    assert register.json("/v1/coverage?level=district&geography=2025-06-30")["total"]["units"] == 12


def test_a_code_of_the_other_province_is_unknown(register: Register) -> None:
    refused = register.put(of_ha_tinh(commune="16681"))
    assert (refused.status_code, refused.get_json()["code"]) == (422, "commune.unknown")
    assert register.json("/v1/units?level=province")["items"][0]["code"] == "42"


def test_a_household_of_a_commune_that_was_split_before_the_register_began_waits_for_its_part(
    app: Flask, register: Register
) -> None:
    ky_loi = register.registered(**of_ha_tinh(commune="18796", commune_as_of="2025-01-01", parcels=[]))
    assert ky_loi["commune"] == "18796"
    seen = {}
    for commune in (VUNG_ANG, HOANH_SON, THANH_SEN):
        headers = {"Authorization": f"Bearer {token_of(app, Role.OFFICER, commune)}"}
        seen[commune] = register.client.get(f"/v1/households/{ky_loi['id']}", headers=headers).status_code
    assert seen == {VUNG_ANG: 200, HOANH_SON: 200, THANH_SEN: 404}
    assert register.step(ky_loi["id"], "transfer", {"commune": VUNG_ANG}, 1).get_json()["commune"] == VUNG_ANG


def test_a_sheet_of_105_30_is_read_and_undeclared_metres_are_taken_for_it(register: Register) -> None:
    field = shapely.box(105.900, 18.335, 105.9004, 18.3353)
    sheet = geometry_json(geometry_from_wgs84(field, SYSTEMS["EPSG:9209"]))
    body = {"geometry": sheet, "commune": THANH_SEN}
    declared = register.client.post("/v1/parcels/check", json={**body, "crs": "EPSG:9209"}).get_json()
    assert (declared["findings"], round(declared["measured_area_m2"])) == ([], 1404)
    undeclared = register.client.post("/v1/parcels/check", json=body).get_json()
    assert [(each["code"], each["details"]["likely"]) for each in undeclared["findings"]] == [
        ("geometry.wrong-system", "EPSG:9209")
    ]
    wrong = register.client.post("/v1/parcels/check", json={**body, "crs": "EPSG:9208"}).get_json()
    assert wrong["findings"][-1]["details"]["likely"] == "EPSG:9209"


def test_messages_give_examples_of_the_province(register: Register) -> None:
    far = register.put(of_ha_tinh(location={"type": "Point", "coordinates": [18.345, 105.905]})).get_json()
    assert "(105,91; 18,34)" in far["errors"][0]["message"]
    form = register.json("/v1/schema/form.json")
    assert "EPSG:9209" in form["messages"]["geometry.range"]["vi"]
    assert "(105.91, 18.34)" in form["messages"]["location.swapped"]["en"]


def test_the_list_of_units_is_the_provinces_own(register: Register) -> None:
    units = register.json("/v1/schema/codelists/units")
    names = {entry["name_vi"] for entry in units["codes"]}
    assert {"Thành Sen", "Sơn Kim 1"} <= names
    assert "Thành Vinh" not in names
    assert "units" in {each["name"] for each in register.json("/v1/schema/codelists")["items"]}


def test_a_unit_that_was_split_names_all_its_parts(register: Register) -> None:
    ky_loi = register.json("/v1/units/18796?valid_on=2025-06-30")
    assert (ky_loi["successor"], ky_loi["successors"]) == (None, [VUNG_ANG, HOANH_SON, "18754"])
    assert register.json("/v1/units/18077?valid_on=2025-06-30")["successors"] == [THANH_SEN]


def test_a_new_household_has_the_agency_of_the_settings(register: Register) -> None:
    assert register.registered(**of_ha_tinh())["agency"] == "H27.12"


def test_open_data_name_their_publisher_and_the_agency_of_the_settings(register: Register) -> None:
    table = register.json("/v1/open-data/households")
    assert (table["source"], table["agency"]) == ("Sổ Nông Hộ tỉnh Hà Tĩnh", "H27.12")
    english = register.get("/v1/open-data/households", accept_language="en").get_json()
    assert english["source"] == "Sổ Nông Hộ, Ha Tinh province"
    assert "Hà Tĩnh" in register.get("/v1/open-data/households.csv").text


@pytest.mark.parametrize("address", ["/openapi.json", "/docs", "/docs/problems", "/v1/schema/form.json"])
def test_no_page_knows_the_other_province(register: Register, address: str) -> None:
    text = register.get(address).text
    assert re.findall(r"Nghệ An|Nghe An|EPSG:9208|\b16681\b|\b040\d{9}", text) == []


def test_the_example_of_the_documents_is_accepted(register: Register) -> None:
    (example,) = register.json("/openapi.json")["components"]["schemas"]["Household"]["examples"]
    record = register.put(example)
    assert (record.status_code, record.get_json()["stage"]) == (201, "digitized")
    assert example["head"]["national_id"].startswith("042")


def test_the_demonstration_lives_in_the_province(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Repositories(settings)
    store.borders.replace_borders({})  # those of two communes are no province
    assert demonstrate(80, 3, settings, if_empty=False, mix=True) == 0
    made = list(store.database["households"].find({"demonstration": True}))
    store.close()
    assert len(made) >= 80
    assert {each["commune"][:2] for each in made} == {"18"}
    for name, value in (("MONGODB_URI", settings.mongodb_uri), ("PROVINCE", "42")):
        monkeypatch.setenv(name, value)
    assert accounts(["--data", settings.data_folder, "demonstrate"]) == 0
    assert accounts(["--data", settings.data_folder, "list"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"giam-sat +supervisor +active +42\n", listed)
    assert re.search(rf"can-bo +officer +active .*{THANH_SEN}", listed)


def test_a_database_of_one_province_is_not_made_another(settings: Settings) -> None:
    with pytest.raises(SettingsInvalid, match=r"register of province 42, and PROVINCE says 40 .* set PROVINCE=42"):
        migrate(replace(settings, province="40"), say=lambda _: None)
