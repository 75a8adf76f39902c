"""One way out: every route is called by every reader, and what it reveals of a household came from the Reader.

Nothing here lists the routes that must go through the Reader. Every registered route is walked, with a household whose
data is recognized anywhere in a response; where the Reader restricts everything, none of it may be in any response.
A new route without a place to fill or a body to send is called as it is; a new kind of place, a new body to send and a
read that nobody succeeds with fail here, until the walk knows how to call it.
"""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, replace
from io import StringIO
from itertools import count
from typing import Any
from urllib.parse import quote, unquote

import orjson
import pytest
import structlog
from _pytest.mark.structures import ParameterSet
from flask import Flask, Response, stream_with_context
from werkzeug.wrappers import Response as AnyResponse

from service.access.account import Account
from service.access.gate import declared_on, needs
from service.actor import Actor
from service.api.http.reader import reader
from service.api.http.responses import json_response
from service.app import register_of
from service.errors import RecordCarried
from service.households.ports import HouseholdQuery
from service.households.reading import Reader
from service.people.person_request import RequestKind
from service.people.ports import PhotoOf
from service.roles import SCOPES, SIGHT_BY_ROLE, TABLE, Permission, Role, Sight
from service.settings import Settings
from service.unit_names import UnitId
from tests.api.asking import Register
from tests.api.marked import marked
from tests.apps import OpenApp
from tests.builders import NOW, THANH_VINH, MovedClock, a_household, a_parcel, a_personal_number, a_square, an_id
from tests.pictures import a_bare_photo
from tests.workbooks import unpacked

EVERYWHERE = Actor("can.bo", None)
NOBODY = "00000000-0000-7000-8000-000000000000"
BODY, MARKS = marked()
NAME, NOTE, ADDRESS, VILLAGE = BODY["head"]["full_name"], BODY["note"], BODY["address"], BODY["village"]
CERTIFICATE = BODY["parcels"][0]["certificate_serial"]
REASON = "Bà Biệt Danh khai thiếu"
NOTHING_OF_ONES_OWN = {
    *("agency", "commune", "commune_as_of", "created_at", "demonstration", "derived", "findings", "id"),
    *("legal_basis", "missing", "outside_confirmed", "revision", "schema_version", "stage", "status", "updated_at"),
}
"""Items of the record whose values many records have: in a response they are not recognized by themselves, but by the
household whose they are, named in the address that was asked or by its id."""
JPEG = a_bare_photo(320, 200, noise=0.3)
_places: Iterator[int] = count()


@dataclass(frozen=True)
class Asker:
    """Who asks: a role, how much of a person the account sees, and where."""

    name: str
    role: Role
    sight: Sight | None = None
    scopes: tuple[str, ...] = ()
    area: str = "40"

    @property
    def sees_nobody(self) -> bool:
        """Whether all people are hidden from the account."""
        return Sight.NOBODY in (self.sight, SIGHT_BY_ROLE[self.role]) or self.role is Role.SYSTEM

    def token(self, app: Flask) -> str:
        """A fresh token, of an account that is made when it is missing."""
        guard = app.extensions["guard"]
        identity = f"one-way-out-{self.name}" if self.area == "40" else f"{self.area}-{self.name}"
        account = Account(
            identity,
            identity,
            self.role,
            (UnitId(self.area),),
            created_at=guard.clock(),
            created_by="tests",
            sight=self.sight,
            scopes=self.scopes,
        )
        if guard.principals.store.account(identity) is None:
            guard.principals.store.add_account(account)
        token: str = guard.tokens.issue(identity, scopes=self.scopes)[0]
        return token


WHOLE = (
    Asker("officer", Role.OFFICER),
    Asker("leader", Role.LEADER),
    Asker("supervisor", Role.SUPERVISOR),
    Asker("ministry", Role.SYSTEM, scopes=tuple(SCOPES)),
)
NOT_WHOLE = (
    Asker("administrator", Role.ADMINISTRATOR),
    Asker("auditor", Role.AUDITOR),
    Asker("masked leader", Role.LEADER, Sight.MASKED),
    Asker("masked supervisor", Role.SUPERVISOR, Sight.MASKED),
    Asker("statistics", Role.SYSTEM, scopes=("coverage:read", "records:read", "changes:read", "metrics:read")),
)


BY_NAME = {asker.name: asker for asker in (*WHOLE, *NOT_WHOLE)}

QUICK = {"officer", "ministry", "administrator", "masked supervisor"}
"""Who asks in the quick loop too: one who sees everything, a program, one who sees nobody, one who sees parts."""


def some_in_the_quick_loop(askers: tuple[Asker, ...]) -> list[ParameterSet]:
    """Every asker as the parameter of a test; most are ``slow``, since each walks every route."""
    assert {asker.name for asker in askers} >= QUICK
    return [
        pytest.param(asker, id=asker.name, marks=() if asker.name in QUICK else pytest.mark.slow) for asker in askers
    ]


@dataclass
class Seed:
    """A household with everything that the register can hold of one."""

    record: dict[str, Any]
    photo: str
    request: str
    fresh: str = field(default_factory=an_id)
    """The id of a household that may be registered."""

    @property
    def marks(self) -> tuple[bytes, ...]:
        """What in a response reveals that it holds something of the household."""
        corner = self.record["parcels"][0]["geometry"]["coordinates"][0][0]
        middle = len(JPEG) // 2
        picture = JPEG[middle : middle + 60]
        in_base64 = (b64encode(picture[start : start + 57]) for start in range(3))
        texts = (*self._hidden, *map(str, (*corner, *self.record["location"]["coordinates"])))
        return (*(mark.text for mark in MARKS), *(text.encode() for text in texts), picture, *in_base64)

    @property
    def _hidden(self) -> tuple[str, ...]:
        people = (self.record["head"], *self.record["members"])
        return (REASON, *(person["national_id"] for person in people))

    def marks_hidden_from(self, asker: Asker) -> tuple[bytes, ...]:
        """The same, for items that the schema hides from readers who see people masked or not at all."""
        hidden = (mark.text for mark in MARKS if mark.is_masked or (asker.sees_nobody and mark.is_private))
        return (*hidden, *(text.encode() for text in self._hidden))


def a_body(west: float, south: float, **items: Any) -> dict[str, Any]:
    (parcel,), (member,) = BODY["parcels"], BODY["members"]
    own = {"id": an_id(), "geometry": a_square(west, south)}
    numbers = {name: f"{parcel[name]} {an_id()[-8:]}" for name in ("parcel_number", "cadastral_parcel_number")}
    return {
        **BODY,
        "id": an_id(),
        "commune": THANH_VINH,
        "legal_basis": "state_function",
        "location": {"type": "Point", "coordinates": [round(west + 0.0001011, 7), round(south + 0.0001013, 7)]},
        "head": a_new_head(),
        "members": [{**member, "id": an_id(), "national_id": a_number_of(member)}],
        "parcels": [{**parcel, **own, **numbers}],
        **items,
    }


def a_new_head() -> dict[str, Any]:
    head: dict[str, Any] = BODY["head"]
    return {**head, "national_id": a_number_of(head)}


def a_number_of(person: Mapping[str, Any]) -> str:
    return a_personal_number(person["sex"], int(person["birth_date"][:4]))


def seeded(app: Flask, places: str = "") -> Seed:
    """Put a household into the register, revised and returned; for the places of a route, also what fills them.

    Without any it has everything: a neighbour whose parcel overlaps, a photo, a request of its people.
    """
    register = register_of(app)
    row, column = divmod(next(_places), 40)
    west, south = 105.6600137 + column * 0.002, 18.6700137 + row * 0.002
    body, photo, request = a_body(west, south), an_id(), NOBODY
    without_note = {name: value for name, value in body.items() if name != "note"}
    register.households.put(body["id"], without_note, if_match=None, actor=EVERYWHERE)
    if "parcel_id" in places or not places:
        neighbour = a_household(parcels=[a_parcel(geometry=a_square(west + 0.00015, south))])
        register.households.put(neighbour["id"], neighbour, if_match=None, actor=EVERYWHERE)
    register.households.patch(body["id"], {"note": NOTE}, if_match=_now(app, body), actor=EVERYWHERE)
    record = register.households.send_back(body["id"], REASON, if_match=None, actor=EVERYWHERE).record
    if places.endswith("/return"):  # what was returned can only be returned again once it was sent or verified
        record = register.households.verify(body["id"], if_match=None, actor=EVERYWHERE).record
    if "photo_id" in places or not places:
        options: dict[str, Any] = {"of": PhotoOf.IDENTITY_CARD, "parcel": None, "taken_at": None}
        register.photos.put(body["id"], photo, JPEG, actor=EVERYWHERE, **options)
    if "request_id" in places or not places:
        requests = app.extensions["guard"].requests
        request = requests.receive(RequestKind.COPY, body["id"], actor=EVERYWHERE, person=NAME).id
    return Seed(record, photo, request)


def _now(app: Flask, body: dict[str, Any]) -> int:
    return int(register_of(app).store.households.record(body["id"], area=None)["revision"])


# The requests --------------------------------------------------------------------------------------------------

Options = dict[str, Any]
"""Options of a request: json, headers, query_string …"""
WITHDRAWN = "withdrawn"
"""An option of these tests: the household is withdrawn before an account that may change it sends the request."""
Way = Options | Callable[[Seed], Options]


def _match(seed: Seed, back: int = 0) -> dict[str, str]:
    return {"If-Match": f'"{seed.record["revision"] - back}"'}


def _content(seed: Seed) -> dict[str, Any]:
    content = {**seed.record, "status": None, "products": None}
    return {name: value for name, value in content.items() if value is not None}


def _of_another(seed: Seed) -> dict[str, Any]:
    content = _content(seed)
    return {**content, "parcels": [{**parcel, "id": an_id()} for parcel in content["parcels"]]}


def _around(seed: Seed) -> dict[str, Any]:
    longitude, latitude = seed.record["parcels"][0]["geometry"]["coordinates"][0][0]
    return {"near": [round(longitude, 4), round(latitude, 4)], "within": 80}


def _beside(seed: Seed) -> dict[str, Any]:
    longitude, latitude = seed.record["parcels"][0]["geometry"]["coordinates"][0][0]
    return a_square(round(longitude - 0.0001, 4), round(latitude + 0.0001, 4))


HOUSEHOLD = "/v1/households/<household_id>"
PHOTO = f"{HOUSEHOLD}/photos/<photo_id>"
REQUEST = "/v1/requests/<request_id>"

ASKED: dict[tuple[str, str], tuple[Way, ...]] = {
    ("GET", "/v1/households"): (
        {"query_string": {"status": "any", "count": "true", "limit": 1000}},
        {"query_string": {"status": "any", "q": NAME, "crs": "EPSG:9208"}},
    ),
    ("GET", HOUSEHOLD): (
        {},
        {"query_string": {"crs": "EPSG:9208"}},
    ),
    ("GET", "/v1/changes"): ({"query_string": {"limit": 1000}},),
    ("GET", "/v1/coverage/trend"): ({"query_string": {"unit": THANH_VINH}},),
    ("POST", "/v1/households"): (
        lambda seed: {"json": {**_of_another(seed), "id": seed.fresh, "head": a_new_head()}},
        lambda seed: {"json": {**_content(seed), "id": an_id(), "head": a_new_head()}},
    ),
    ("PUT", HOUSEHOLD): (
        lambda seed: {"json": _content(seed), "headers": {"If-None-Match": "*"}},
        lambda seed: {"json": _content(seed), "headers": _match(seed), WITHDRAWN: True},
        lambda seed: {"json": _content(seed), "headers": _match(seed)},
        lambda seed: {"json": _content(seed), "headers": _match(seed, back=2)},
        lambda seed: {"json": _content(seed)},
    ),
    ("PATCH", HOUSEHOLD): (
        lambda seed: {"json": {"products": None}, "headers": _match(seed)},
        lambda seed: {"json": {"products": None}, "headers": _match(seed, back=1)},
    ),
    ("DELETE", HOUSEHOLD): (
        lambda seed: {"json": {"reason": REASON}, "headers": _match(seed)},
        lambda seed: {"json": {"reason": REASON}, "headers": _match(seed, back=1)},
    ),
    ("POST", f"{HOUSEHOLD}/verify"): (
        {},
        lambda seed: {"headers": _match(seed, back=1)},
    ),
    ("POST", f"{HOUSEHOLD}/return"): ({"json": {"reason": REASON}},),
    ("POST", f"{HOUSEHOLD}/transfer"): ({"json": {"commune": "16690"}},),
    ("POST", "/v1/households/search"): (
        lambda seed: {"json": _around(seed)},
        lambda seed: {"json": _around(seed), "headers": {"Accept": "text/csv"}},
    ),
    ("POST", "/v1/households/search.csv"): (lambda seed: {"json": _around(seed)},),
    ("POST", "/v1/households/search.xlsx"): (lambda seed: {"json": _around(seed)},),
    ("POST", "/v1/parcels/check"): (lambda seed: {"json": {"geometry": _beside(seed)}},),
    ("POST", "/v1/parcels/<parcel_id>/settle"): ({"json": {"reason": REASON}},),
    ("PUT", PHOTO): ({"data": JPEG, "content_type": "image/jpeg", "query_string": {"of": "identity_card"}},),
    ("DELETE", PHOTO): ({},),
    ("POST", "/v1/requests"): (
        lambda seed: {"json": {"kind": "view", "household": seed.record["id"], "person": NAME}},
    ),
    **{("POST", f"{REQUEST}/{step}"): ({"json": {"reason": "Chờ bản giấy"}},) for step in ("extend", "refuse")},
    **{("POST", f"{REQUEST}/{step}"): ({},) for step in ("acknowledge", "cancel", "carry-out", "lift")},
    ("PUT", "/v1/baselines/<code>"): ({"json": {"households": 9, "source": "x", "date": "2026-01-01"}},),
    ("DELETE", "/v1/baselines/<code>"): ({"query_string": {"date": "2026-01-01"}},),
    ("PUT", "/v1/villages/<code>"): ({"json": {"villages": [{"name": "Xóm 5", "expected": 9}]}},),
}
"""Requests to a route where its address alone is not enough, each about a household of its own."""

ABOUT_ACCOUNTS = re.compile(r"/v1/(accounts|sessions?|token)(/.*)?")
"""Where accounts change: called without content, about an account that is not there."""

NOT_HERE = {
    "/v1/openid/start",
    "/v1/openid/callback",
    "/v1/units/<code>/border",
    "/v1/accounts/<account_id>",
    f"{REQUEST}/lift",
}
"""Where a request of this walk finds nothing: no provider, no boundaries, no such account, no restriction to lift."""


def address_of(rule: str, seed: Seed) -> str:
    """The address of a route about a household."""
    places = {
        "household_id": seed.record["id"],
        "photo_id": seed.photo,
        "request_id": seed.request,
        "parcel_id": seed.record["parcels"][0]["id"],
        "code": THANH_VINH,
        "name": "ethnic_groups",
        "account_id": NOBODY,
        "session_id": NOBODY,
    }
    unknown = {name for name in re.findall(r"<(?:[^:>]+:)?([^>]+)>", rule) if name not in places}
    assert not unknown, f"{rule}: add {unknown} here and in tests/api/test_two_provinces.py"
    return re.sub(r"<(?:[^:>]+:)?([^>]+)>", lambda place: str(places[place[1]]), rule)


@dataclass(frozen=True)
class Step:
    """One request of the walk and its response."""

    asker: Asker
    method: str
    rule: str
    seed: Seed
    response: AnyResponse
    written: str = ""
    """What was written meanwhile into the log or on the standard streams."""

    def found(self, marks: tuple[bytes, ...]) -> list[str]:
        """Which of the marks are in the response."""
        everything = unpacked(self.response.get_data()) + b"\n" + in_headers(self.response)
        return [f"{self.method} {self.rule}: {mark!r}" for mark in marks if mark in everything]

    def logged(self) -> list[str]:
        """What of the household was written into the log; its ids may be."""
        written = self.written.encode()
        return [f"{self.method} {self.rule} logs {mark!r}" for mark in self.seed.marks if mark in written]

    def shows_the_household(self) -> list[str]:
        """The route, if it succeeds about the household or names it, and is not known to show nothing of it."""
        if self.response.status_code >= 400 or (self.method, self.rule) in NAMES_WHAT_WAS_ASKED:
            return []
        everything = unpacked(self.response.get_data()) + in_headers(self.response)
        about = ABOUT_A_HOUSEHOLD.search(self.rule) or self.seed.record["id"].encode() in everything
        return [f"{self.method} {self.rule}: {self.response.status_code}"] if about else []


ABOUT_A_HOUSEHOLD = re.compile(r"<(household|photo|parcel|request)_id>")
NAMES_WHAT_WAS_ASKED = {
    # Its entries have the addresses that were asked, refused ones too.
    ("GET", "/v1/trail"),
}
"""Routes that name a household which the Reader does not show."""


@contextmanager
def everything_written() -> Iterator[StringIO]:
    """What is written meanwhile by structlog, by the standard library's logging and on the standard streams."""
    written, factory = StringIO(), structlog.get_config()["logger_factory"]
    handler = logging.StreamHandler(written)
    logging.getLogger().addHandler(handler)
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=written))
    try:
        with redirect_stdout(written), redirect_stderr(written):
            yield written
    finally:
        structlog.configure(logger_factory=factory)
        logging.getLogger().removeHandler(handler)


def in_headers(response: AnyResponse) -> bytes:
    """What the headers say, as sent and decoded: in addresses, letters beyond ASCII are percent-encoded."""
    values = "\n".join(response.headers.values())
    return "\n".join((values, unquote(values))).encode()


def routes(app: Flask) -> Iterator[tuple[str, str, Permission | None]]:
    for rule in app.url_map.iter_rules():
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            declared = declared_on(app.view_functions[rule.endpoint], method)
            assert declared is not None
            yield method, rule.rule, declared.permission


def walk(app: Flask, asker: Asker, ids: set[str], *, only: str = "") -> Iterator[Step]:
    """Call every route as ``asker`` in every known way; ``ids`` grows by the households that are requested."""
    client, seed_of_reads = app.test_client(), seeded(app)
    ids |= {seed_of_reads.record["id"], seed_of_reads.fresh}
    for method, rule, permission in routes(app):
        if only not in rule:
            continue
        ways = ASKED.get((method, rule))
        if ways is None:
            assert method == "GET" or ABOUT_ACCOUNTS.fullmatch(rule), f"what to send to {method} {rule}?"
            ways = ({} if method == "GET" else {"json": {}},)
        changes = method != "GET" and permission in TABLE[asker.role] and not ABOUT_ACCOUNTS.fullmatch(rule)
        for way in ways:
            seed = seeded(app, rule) if changes and "search" not in rule else seed_of_reads
            ids |= {seed.record["id"], seed.fresh}
            options = dict(way) if isinstance(way, dict) else way(seed)
            authorization = {"Authorization": f"Bearer {asker.token(app)}"} if permission is not None else {}
            headers = {**options.pop("headers", {}), **authorization}
            if options.pop(WITHDRAWN, False) and changes:
                register_of(app).households.withdraw(seed.record["id"], REASON, if_match=None, actor=EVERYWHERE)
            with everything_written() as written:
                response = client.open(address_of(rule, seed), method=method, headers=headers, buffered=True, **options)
            assert response.status_code != 500, (method, rule, response.text)
            yield Step(asker, method, rule, seed, response, written.getvalue())


class _Everything(frozenset[str]):
    """Households that are all restricted, those that are known and any other."""

    def __contains__(self, household: object) -> bool:
        return household is not None


@pytest.fixture
def restricted(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Makes every Reader restrict every household; those that a query must leave out are added to it."""
    ids: set[str] = set()
    monkeypatch.setattr(Reader, "restricted", property(lambda _: _Everything(ids)))
    return ids


HOUSEHOLD_DATA = {
    ("GET", "/v1/households"),
    ("POST", "/v1/households"),
    ("GET", HOUSEHOLD),
    ("PUT", HOUSEHOLD),
    ("PATCH", HOUSEHOLD),
    ("DELETE", HOUSEHOLD),
    ("POST", f"{HOUSEHOLD}/verify"),
    ("POST", f"{HOUSEHOLD}/return"),
    ("POST", f"{HOUSEHOLD}/transfer"),
    ("GET", f"{HOUSEHOLD}/history"),
    ("GET", PHOTO),
    ("POST", "/v1/households/search"),
    ("POST", "/v1/households/search.csv"),
    ("POST", "/v1/households/search.xlsx"),
    ("POST", "/v1/parcels/check"),
    ("POST", "/v1/parcels/<parcel_id>/settle"),
    ("GET", "/v1/changes"),
    ("GET", f"{REQUEST}/copy"),
    ("GET", "/v1/requests"),
    ("GET", REQUEST),
    ("POST", "/v1/requests"),
    ("POST", f"{REQUEST}/acknowledge"),
    ("POST", f"{REQUEST}/refuse"),
}
"""Routes whose responses the walk must recognize, so that it proves something."""


@pytest.fixture(scope="module")
def steps(app: Flask, app_clock: MovedClock) -> list[Step]:
    """The responses of every route to every reader."""
    app_clock.now = NOW
    return [step for asker in (*WHOLE, *NOT_WHOLE) for step in walk(app, asker, set())]


def test_every_role_asks() -> None:
    """A role that nobody asks as would be able to read past the Reader unnoticed."""
    assert {asker.role for asker in (*WHOLE, *NOT_WHOLE)} == set(Role)


@pytest.mark.slow  # so are those below that need every route as every reader: five seconds of a processor
def test_the_walk_recognizes_what_is_revealed_of_households(steps: list[Step]) -> None:
    shown = {(step.method, step.rule) for step in steps if step.found(step.seed.marks)}
    assert HOUSEHOLD_DATA - shown == set()
    problems = [(step.response.get_json()["code"], step) for step in steps if "problem" in str(step.response.mimetype)]
    assert {"household.id-taken"} <= {code for code, _ in problems}
    carrying = {kind.code for kind in RecordCarried.__subclasses__()}
    assert {code for code, step in problems if step.found(step.seed.marks)} >= carrying


@pytest.mark.slow
def test_nothing_of_a_household_is_logged(steps: list[Step]) -> None:
    assert [found for step in steps for found in step.logged()] == []


@pytest.mark.slow
def test_no_route_refuses_everybody(steps: list[Step]) -> None:
    called = {(step.method, step.rule) for step in steps if not ABOUT_ACCOUNTS.fullmatch(step.rule)}
    succeeded = {(step.method, step.rule) for step in steps if step.response.status_code < 400}
    assert {each for each in called - succeeded if each[1] not in NOT_HERE} == set()


@pytest.mark.slow
def test_no_route_names_a_person_to_who_does_not_see_persons(steps: list[Step]) -> None:
    masked = [step for step in steps if step.asker in NOT_WHOLE]
    leaks = [(step, found) for step in masked for found in step.found(step.seed.marks_hidden_from(step.asker))]
    assert [(step.asker.name, found) for step, found in leaks] == []


@pytest.mark.parametrize("asker", some_in_the_quick_loop((*WHOLE, *NOT_WHOLE)))
def test_nothing_of_a_household_leaves_but_by_the_reader(
    app: Flask, register: Register, restricted: set[str], asker: Asker
) -> None:
    steps = [*walk(app, asker, restricted)]
    assert [found for step in steps for found in (*step.found(step.seed.marks), *step.logged())] == []
    assert [shown for step in steps for shown in step.shows_the_household()] == []


def test_a_new_route_that_passes_the_reader_by_is_found(
    open_app: OpenApp, register_settings: Settings, clock: MovedClock, restricted: set[str]
) -> None:
    app = open_app(register_settings, clock)

    log, standard = structlog.get_logger("service.bypass"), logging.getLogger("bypass")

    @needs("households.read")
    def bypass(household_id: str) -> Response:
        record = register_of(app).store.households.record(household_id, area=None)
        log.info("read", head=record["head"])
        standard.warning("read in %s", record["village"])
        print(record["address"])
        return json_response(record)

    app.add_url_rule("/v1/bypass/<household_id>", view_func=bypass)
    (step,) = walk(app, BY_NAME["officer"], restricted, only="/bypass/")
    for mark in (NAME, VILLAGE, ADDRESS):
        assert any(repr(mark.encode()) in each for each in step.logged())
    assert any(repr(NAME.encode()) in each for each in step.found(step.seed.marks))
    record = step.seed.record
    assert set(record) >= {mark.item.partition(".")[0] for mark in MARKS}
    for name in set(record) - NOTHING_OF_ONES_OWN:
        alone = replace(step, response=Response(orjson.dumps({name: record[name]}), mimetype="application/json"))
        assert alone.found(step.seed.marks), f"a response with {name} alone is not recognized"
    for name in set(record) & NOTHING_OF_ONES_OWN:
        alone = replace(step, response=Response(orjson.dumps({name: record[name]}), mimetype="application/json"))
        assert alone.shows_the_household(), f"a response with {name} alone is not recognized"
        among_others = [{"id": record["id"], name: record[name]}]
        listed = replace(step, rule="/v1/bypassed", response=Response(orjson.dumps(among_others)))
        assert listed.shows_the_household(), f"a list of {name} is not recognized"
    for header in (quote(NAME), f"<{quote('/x?q=' + NAME)}>; rel=next"):
        assert replace(step, response=Response(headers={"X-Head": header})).found(step.seed.marks) != []


def test_a_response_that_reads_while_it_is_streamed_is_noted_whole(
    open_app: OpenApp, register_settings: Settings, clock: MovedClock
) -> None:
    app = open_app(register_settings, clock)

    @needs("households.read")
    def lazy() -> Response:
        who = reader()

        def lines() -> Iterator[str]:
            query = HouseholdQuery(limit=2)
            while True:
                page = who.households(query)
                yield from (f"{record['id']}\n" for record in page.records)
                if page.next_after is None:
                    return
                query = replace(query, after=page.next_after)

        return Response(stream_with_context(lines()))

    app.add_url_rule("/v1/lazy", view_func=lazy)
    known = {seeded(app, "household_id").record["id"] for _ in range(3)}
    token = BY_NAME["officer"].token(app)
    response = app.test_client().get("/v1/lazy", headers={"Authorization": f"Bearer {token}"}, buffered=True)
    assert set(response.text.split()) == known
    entries = [each for each in app.extensions["guard"].trail.entries() if each.path == "/v1/lazy"]
    assert [len(entry.households) for entry in entries] == [2, 1]
    assert {household for entry in entries for household in entry.households} == known
    assert {(entry.account, entry.action) for entry in entries} == {("one-way-out-officer", "households.read")}


def test_the_reason_of_a_withdrawal_is_shown_only_to_readers_who_see_persons(app: Flask, register: Register) -> None:
    for name, shown in (("leader", True), ("masked leader", False)):
        seed = seeded(app)
        register_of(app).households.withdraw(seed.record["id"], REASON, if_match=None, actor=EVERYWHERE)
        headers = {"Authorization": f"Bearer {BY_NAME[name].token(app)}"}
        response = app.test_client().post(f"/v1/households/{seed.record['id']}/verify", headers=headers)
        assert (response.get_json()["code"], REASON in response.text) == ("household.withdrawn", shown)
