"""Borders of communes: loaded from GeoJSON, stored whole, and read again when they change."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import shapely

from schemas.geometry import geometry_json
from service.commands import units
from service.settings import Settings
from service.storage.repositories import Repositories
from service.units.borders import BorderFileInvalid, BorderRegister, borders_of, read_features
from tests.builders import THANH_VINH, TRUONG_VINH
from tests.parcels.builders import a_field, a_polygon
from tests.parcels.real_borders import borders_file
from tests.two_provinces import THANH_SEN, TRAN_PHU, second_province

Json = dict[str, Any]


def a_feature(code: object = THANH_VINH, geometry: Json | None = None, **properties: Any) -> Json:
    geometry = geometry_json(a_field(0, 0, 3_000, 3_000)) if geometry is None else geometry
    return {"type": "Feature", "properties": {"code": code, **properties}, "geometry": geometry}


def a_file(folder: Path, *features: Json) -> Path:
    path = folder / "communes.geojson"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    return path


def command(settings: Settings, monkeypatch: pytest.MonkeyPatch, path: Path) -> int:
    monkeypatch.setenv("MONGODB_URI", settings.mongodb_uri)
    monkeypatch.setenv("DATA_FOLDER", settings.data_folder)
    return units.main(["--borders", str(path)])


def test_a_file_that_is_not_there_is_refused_with_where_borders_can_be_had(
    register_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(register_settings, monkeypatch, tmp_path / "gone.geojson") == 2
    printed = capsys.readouterr().err
    assert "gone.geojson is not there" in printed
    assert "https://github.com/thanglequoc/vietnamese-provinces-database (MIT;" in printed


def test_the_stored_borders_are_those_that_were_loaded(store: Repositories) -> None:
    borders = {THANH_VINH: a_field(0, 0, 3_000, 3_000), TRUONG_VINH: a_field(3_000, 0, 3_000, 3_000)}
    assert store.borders.replace_borders(borders) == 2
    stored = store.borders.border_list()
    assert list(stored) == [THANH_VINH, TRUONG_VINH]
    assert all(shapely.equals_exact(stored[code], borders[code]) for code in borders)


def test_loading_again_changes_nothing(store: Repositories) -> None:
    borders = {THANH_VINH: a_field()}
    store.borders.replace_borders(borders)
    version = store.borders.border_version()
    assert store.borders.replace_borders(borders) == 0
    assert store.borders.border_version() == version


def test_a_border_that_is_no_longer_in_the_file_is_deleted(store: Repositories) -> None:
    store.borders.replace_borders({THANH_VINH: a_field(), TRUONG_VINH: a_field(200)})
    assert store.borders.replace_borders({THANH_VINH: a_field()}) == 1
    assert list(store.borders.border_list()) == [THANH_VINH]


def test_a_worker_rereads_borders_when_they_have_changed_and_the_cache_is_old_enough(store: Repositories) -> None:
    time = [0.0]
    register = BorderRegister(store.borders, 30.0, clock=lambda: time[0])
    store.borders.replace_borders({})
    assert len(register.borders()) == 0
    store.borders.replace_borders({THANH_VINH: a_field()})
    assert len(register.borders()) == 0
    time[0] = 31.0
    assert THANH_VINH in register.borders()
    assert register.borders() is register.borders()


@pytest.mark.parametrize("zipped", [False, True])
def test_the_command_loads_a_file(
    store: Repositories, register_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, zipped: bool
) -> None:
    path = a_file(tmp_path, a_feature(), a_feature(TRUONG_VINH, name="Trường Vinh"))
    if zipped:
        path.write_bytes(gzip.compress(path.read_bytes()))
    assert command(register_settings, monkeypatch, path) == 0
    assert list(store.borders.border_list()) == [THANH_VINH, TRUONG_VINH]


@pytest.mark.slow
def test_the_command_loads_the_real_file(
    store: Repositories,
    register_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = borders_file()
    if path is None:
        pytest.skip("no file of real borders: set COMMUNE_BORDERS")
    assert command(register_settings, monkeypatch, path) == 0
    assert "130 borders" in capsys.readouterr().out
    assert all(border.is_valid for border in store.borders.border_list().values())


@pytest.mark.parametrize(
    ("features", "number", "reason"),
    [
        ([a_feature(), a_feature()], 2, "comes twice"),
        ([a_feature(code=None)], 1, "properties.code"),
        ([a_feature(code=16681)], 1, "properties.code"),
        ([a_feature(), "no feature"], 2, "properties.code"),
        ([a_feature(geometry={"type": "Point", "coordinates": [105, 18]})], 1, "not a Polygon"),
        ([a_feature(geometry={"type": "Polygon", "coordinates": [[[105, 18]]]})], 1, ""),
        ([a_feature(geometry={"type": "Polygon", "coordinates": []})], 1, "not in longitude"),
        (
            [a_feature(geometry=geometry_json(shapely.box(500_000, 2_000_000, 600_000, 2_100_000)))],
            1,
            "not in longitude",
        ),
    ],
)
def test_an_invalid_file_is_refused_as_a_whole_with_the_feature_at_fault(
    features: list[Any], number: int, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(BorderFileInvalid) as refused:
        dict(borders_of(read_features(a_file(tmp_path, *features))))
    assert refused.value.params["feature"] == number
    assert reason in refused.value.params["reason"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"features": []}', b"\x1f\x8bnot gzip", b'{"features": 3}'])
def test_a_file_that_is_not_a_feature_collection_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "communes.geojson"
    path.write_bytes(content)
    with pytest.raises(BorderFileInvalid) as refused:
        read_features(path)
    assert refused.value.params["feature"] == 0


def test_the_command_reports_the_feature_at_fault_and_changes_nothing(
    store: Repositories,
    register_settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    store.borders.replace_borders({THANH_VINH: a_field()})
    assert command(register_settings, monkeypatch, a_file(tmp_path, a_feature(), a_feature())) == 1
    assert "feature 2" in capsys.readouterr().err
    assert list(store.borders.border_list()) == [THANH_VINH]


def test_a_border_with_a_small_fault_is_repaired() -> None:
    bow_tie = a_feature(geometry=geometry_json(a_polygon((0, 0), (1_000, 1_000), (1_000, 0), (0, 1_000))))
    borders = dict(borders_of([bow_tie]))
    assert borders[THANH_VINH].is_valid
    assert borders[THANH_VINH].area > 0


@pytest.mark.slow
def test_the_borders_of_a_second_province_leave_those_of_the_first(
    own_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    settings, store = own_settings, Repositories(own_settings)
    store.units.replace_units(second_province())
    versions = []
    for codes in ((THANH_VINH, TRUONG_VINH), (THANH_SEN, TRAN_PHU), (THANH_SEN,)):
        assert command(settings, monkeypatch, a_file(tmp_path, *(a_feature(code) for code in codes))) == 0
        versions.append(store.borders.border_version())
    assert set(store.borders.border_list()) == {THANH_VINH, TRUONG_VINH, THANH_SEN}
    assert len(set(versions)) == 3
    store.close()
