"""Two provinces in one register: nobody of Hà Tĩnh (42) gets or writes anything of Nghệ An (40), by any route.

Every registered route is called by every role of the other province about a household, an account, a request and the
other things of Nghệ An; what reveals them is recognized anywhere in a response, and the database is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import orjson
import pytest
from flask import Flask
from pymongo import MongoClient
from werkzeug.test import TestResponse

from service.access.accounts import NewAccount
from service.app import create_app, register_of
from service.principal import register_itself
from service.reports.ports import Baseline
from service.roles import Role
from service.settings import read_settings
from service.storage.migration import migrate
from service.storage.repositories import Repositories
from service.units.village_register import NamedVillage
from tests.api.test_one_way_out import (
    ABOUT_A_HOUSEHOLD,
    ADDRESS,
    ASKED,
    CERTIFICATE,
    EVERYWHERE,
    HOUSEHOLD,
    NAME,
    NOT_WHOLE,
    REASON,
    REQUEST,
    VILLAGE,
    WHOLE,
    WITHDRAWN,
    Asker,
    Options,
    Seed,
    Way,
    routes,
    seeded,
    some_in_the_quick_loop,
)
from tests.builders import NOW, THANH_VINH, TODAY, MovedClock, an_id
from tests.conftest import named
from tests.two_provinces import HA_TINH, THANH_SEN, TRAN_PHU, second_province
from tests.workbooks import unpacked

pytestmark = pytest.mark.slow  # together they take more than a second of a processor

SOURCE, EXPECTED = "Niên giám Nghệ An", 7654321
THEIRS = "cán bộ Nghệ An"
PASSWORD = "Lúa chín vàng đồng"
STRANGERS = tuple(replace(asker, area=HA_TINH) for asker in (*WHOLE, *NOT_WHOLE))


@dataclass
class NgheAn:
    """What the register holds of Nghệ An: a household with everything, accounts, a session and baselines."""

    app: Flask
    seed: Seed
    account: str
    session: str
    others: tuple[str, ...]
    """Accounts that reach beyond Hà Tĩnh: of both provinces, and of the whole register."""

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What in a response reveals that it holds something of Nghệ An."""
        record = self.seed.record
        ids = (record["id"], record["parcels"][0]["id"], self.seed.photo, self.seed.request, *self.others)
        texts = (NAME, CERTIFICATE, ADDRESS, REASON, VILLAGE, record["head"]["national_id"], SOURCE, str(EXPECTED))
        return tuple(text.encode() for text in (*ids, *texts, THEIRS, self.account, self.session))

    def snapshot(self) -> dict[str, list[dict[str, Any]]]:
        """The content of the database, but what every request may write: sessions, trail and limits."""
        database = register_of(self.app).store.database.mongo
        passing = {"sessions", "trail", "trail_lanes", "rates", "attempts", "open_data"}
        names = sorted(set(database.list_collection_names()) - passing)
        content = {name: list(database[name].find().sort("_id", 1)) for name in names if "system." not in name}
        strangers = tuple(f"{HA_TINH}-{asker.name}" for asker in STRANGERS)
        content["accounts"] = [each for each in content["accounts"] if each["_id"] not in strangers]
        return content


@pytest.fixture(scope="module")
def nghe_an(mongodb_uri: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[NgheAn]:
    """A register with both provinces, whose database is of this module alone."""
    name = f"test_two_provinces_{an_id().replace('-', '')[:20]}"
    folder = str(tmp_path_factory.mktemp("data"))
    settings = read_settings({"MONGODB_URI": named(mongodb_uri, name), "DATA_FOLDER": folder})
    migrate(settings, say=lambda _: None)
    store = Repositories(settings)
    store.units.replace_units(second_province())  # before the service reads them: it looks for newer ones only seldom
    store.close()
    app = create_app(settings, MovedClock(NOW))
    yield filled(app)
    register_of(app).store.close()
    with MongoClient[dict[str, object]](mongodb_uri) as client:
        client.drop_database(name)


def filled(app: Flask) -> NgheAn:
    seed, guard = seeded(app), app.extensions["guard"]
    for unit, day in ((THANH_VINH, TODAY), ("40", TODAY)):
        register_of(app).baselines.put(Baseline(unit, EXPECTED, SOURCE, day), actor=EVERYWHERE)
    villages = [NamedVillage(VILLAGE, expected=EXPECTED)]
    register_of(app).villages.put(THANH_VINH, None, villages, if_match=None, if_new=True, actor=EVERYWHERE)
    officer = NewAccount("can.bo.nghe.an", Role.OFFICER, (THANH_VINH,), full_name=THEIRS, password=PASSWORD)
    made = [
        guard.accounts.create(new, register_itself()).account
        for new in (
            replace(officer, must_change_password=False),
            NewAccount("ca.hai.tinh", Role.SUPERVISOR, ("40", HA_TINH), full_name=THEIRS),
            NewAccount("bo", Role.AUDITOR, ("*",), full_name=THEIRS),
        )
    ]
    with app.test_client() as client:
        grant = {"grant_type": "password", "username": "can.bo.nghe.an", "password": PASSWORD}
        token = client.post("/v1/token", json=grant).get_json()["access_token"]
        shown = client.get(f"/v1/households/{seed.record['id']}", headers={"Authorization": f"Bearer {token}"})
    assert shown.status_code == 200
    session = guard.accounts.sessions(made[0].id)[0].id
    return NgheAn(app, seed, made[0].id, session, tuple(each.id for each in made[1:]))


# What is asked -----------------------------------------------------------------------------------------------------


def _new_account(*area: str) -> Options:
    return {"json": {"username": f"moi-{'-'.join(area)}", "role": "officer", "area": list(area)}}


def _queries(*queries: str) -> tuple[Way, ...]:
    return tuple({"query_string": query} for query in queries)


PLACE = "near=105.66,18.67&within=5000"
MORE: dict[tuple[str, str], tuple[Way, ...]] = {
    ("GET", "/v1/households"): _queries(
        "status=any&count=true", f"commune={THANH_VINH}", "bbox=100,10,110,25", "updated_since=2020-01-01T00:00:00Z"
    ),
    ("GET", "/v1/changes"): _queries("", f"commune={THANH_VINH}"),
    ("GET", "/v1/coverage"): _queries(
        "", "level=province", "level=country", "geography=2025-06-30", "level=district", "as_of=2026-11-24"
    ),
    ("GET", "/v1/coverage/trend"): _queries(f"unit={THANH_VINH}", "unit=40", "unit=412", "unit=16663", "unit=*"),
    ("GET", "/v1/trail"): (
        {},
        {"query_string": "account=can.bo.nghe.an"},
        lambda seed: {"query_string": {"household": seed.record["id"]}},
    ),
    ("GET", "/v1/requests"): (
        {},
        {"query_string": "open=true"},
        lambda seed: {"query_string": {"household": seed.record["id"]}},
    ),
    ("POST", "/v1/accounts"): tuple(
        _new_account(*area) for area in ((THANH_VINH,), ("40",), ("412",), ("*",), (HA_TINH, "40"))
    ),
    ("PATCH", "/v1/accounts/<account_id>"): ({"json": {"full_name": "x"}}, {"json": {"area": [THANH_SEN]}}),
    ("POST", "/v1/households/search"): (
        {"json": {"near": [105.66, 18.67], "within": 5000}},
        {"json": {"near": [105.66, 18.67], "within": 5000}, "headers": {"Accept": "text/csv"}},
    ),
    ("POST", f"{HOUSEHOLD}/transfer"): ({"json": {"commune": TRAN_PHU}},),
    ("PUT", "/v1/baselines/<code>"): tuple(
        {"json": {"households": 9, "source": "x", "date": day}} for day in ("2026-01-01", "2025-06-30")
    ),
    ("GET", "/v1/villages/<code>"): _queries("", "commune_as_of=2025-06-30"),
    ("PUT", "/v1/villages/<code>"): tuple(
        {"json": {"villages": [{"name": "Xóm 5"}]}, "query_string": query} for query in ("", "commune_as_of=2025-06-30")
    ),
}
"""Ways to ask about Nghệ An beside those of the walk of test_one_way_out."""

CODES = (THANH_VINH, "40", "412", "16663")
OWN = {"/v1/session", "/v1/sessions", "/v1/sessions/<session_id>", "/v1/session/password", "/v1/token"}


def addresses(rule: str, nghe_an: NgheAn) -> Iterator[str]:
    """Every address of a route about Nghệ An."""
    seed = nghe_an.seed
    places: dict[str, tuple[str, ...]] = {
        "household_id": (seed.record["id"],),
        "photo_id": (seed.photo,),
        "request_id": (seed.request,),
        "parcel_id": (seed.record["parcels"][0]["id"],),
        "code": CODES,
        "name": ("ethnic_groups",),
        "account_id": (nghe_an.account, *nghe_an.others),
        "session_id": (nghe_an.session,),
    }
    found = [""]
    for part in rule.split("/")[1:]:
        name = part[1:-1].partition(":")[2] or part[1:-1]
        assert not part.startswith("<") or name in places, f"{rule}: add {name} here"
        filled_in = places[name] if part.startswith("<") else (part,)
        found = [f"{before}/{each}" for before in found for each in filled_in]
    yield from found


def walk(nghe_an: NgheAn, asker: Asker, *, reading: bool = False) -> Iterator[tuple[str, str, bytes, TestResponse]]:
    """Ask every route that needs a permission about Nghệ An, in every way that is known; yields what was sent, too."""
    client = nghe_an.app.test_client()
    for method, rule, permission in routes(nghe_an.app):
        if permission is None:
            continue
        ways = (*ASKED.get((method, rule), ()), *MORE.get((method, rule), ())) or (
            {} if method == "GET" else {"json": {}},
        )
        for address in addresses(rule, nghe_an):
            for way in ways:
                options = dict(way) if isinstance(way, dict) else way(nghe_an.seed)
                options.pop(WITHDRAWN, None)  # the household stays as it is, for all requests
                headers = {**options.pop("headers", {}), "Authorization": f"Bearer {asker.token(nghe_an.app)}"}
                response = client.open(address, method=method, headers=headers, buffered=True, **options)
                assert response.status_code < 500, (method, address, response.text)
                yield method, rule, f"{address} {options}".encode(), response


def without_own_questions(response: TestResponse) -> bytes:
    """The trail without what accounts of Hà Tĩnh themselves asked for: their auditor sees that they tried."""
    lines = [orjson.loads(line) for line in response.get_data().splitlines() if response.status_code == 200]
    for line in lines:
        if line["account"].startswith(f"{HA_TINH}-"):
            line |= {"path": "", "about": None}
    return orjson.dumps(lines)


def revealed(nghe_an: NgheAn, asker: Asker, *, reading: bool = False) -> dict[tuple[str, str], list[bytes]]:
    """What reveals Nghệ An in the responses to an asker, by method and route."""
    found: dict[tuple[str, str], list[bytes]] = {}
    for method, rule, sent, response in walk(nghe_an, asker, reading=reading):
        body = without_own_questions(response) if rule == "/v1/trail" else unpacked(response.get_data())
        # A refusal repeats the id that was asked for.
        marks = [mark for mark in nghe_an.marks if mark in body and mark not in sent]
        if asker.area == HA_TINH and response.status_code < 400 and ABOUT_A_HOUSEHOLD.search(rule):
            marks.append(response.status.encode())  # what it shows may be of no mark: a status, a stage
        if marks:
            found.setdefault((method, rule), []).extend(marks)
    return found


@pytest.mark.parametrize("asker", some_in_the_quick_loop(STRANGERS))
def test_nothing_of_another_province_comes_and_nothing_is_written(nghe_an: NgheAn, asker: Asker) -> None:
    before = nghe_an.snapshot()
    assert revealed(nghe_an, asker) == {}
    after = nghe_an.snapshot()
    assert {name for name in before if before[name] != after.get(name)} == set()
    assert set(before) == set(after)
    assert nghe_an.app.extensions["guard"].accounts.sessions(nghe_an.account) != []


EVERY_ROUTE_THAT_REVEALS = {
    ("GET", "/v1/accounts"),
    ("GET", "/v1/accounts/<account_id>"),
    ("GET", "/v1/baselines/<code>"),
    ("GET", "/v1/changes"),
    ("GET", "/v1/coverage"),
    ("GET", "/v1/coverage.csv"),
    ("GET", "/v1/coverage.geojson"),
    ("GET", "/v1/coverage.xlsx"),
    ("GET", "/v1/households"),
    ("GET", HOUSEHOLD),
    ("GET", f"{HOUSEHOLD}/history"),
    ("GET", f"{HOUSEHOLD}/photos"),
    ("GET", REQUEST),
    ("GET", f"{REQUEST}/copy"),
    ("GET", "/v1/requests"),
    ("GET", "/v1/trail"),
    ("GET", "/v1/villages/<code>"),
    ("POST", "/v1/households/search"),
    ("POST", "/v1/households/search.csv"),
    ("POST", "/v1/households/search.xlsx"),
    ("POST", "/v1/parcels/check"),
}


@pytest.mark.slow  # nine walks
def test_the_walk_recognizes_what_belongs_to_a_province(nghe_an: NgheAn) -> None:
    its_own = [replace(asker, area="40") for asker in STRANGERS]
    found = {route for asker in its_own for route in revealed(nghe_an, asker, reading=True)}
    assert EVERY_ROUTE_THAT_REVEALS - found == set()


def test_units_are_listed_by_province(nghe_an: NgheAn) -> None:
    headers = {"Authorization": f"Bearer {STRANGERS[0].token(nghe_an.app)}"}
    for province, communes in ((HA_TINH, 69), ("40", 130)):
        address = f"/v1/units?level=commune&province={province}"
        units = nghe_an.app.test_client().get(address, headers=headers).get_json()["items"]
        assert {unit["parent"] for unit in units} == {province}
        assert len(units) == communes
