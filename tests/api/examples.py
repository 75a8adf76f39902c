"""Every operation of the contract called once, so that the document can show what is sent and what comes.

``play`` makes the calls in an order in which each finds what it needs; ``Recorder`` makes one call and stores it as the
document shows it: what differs from one run to the next (ids that the register mints, tokens, hashes) is replaced by
something made up, always the same for the same value, and what is long is cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final
from urllib.parse import urlencode

from flask import Flask

from service.api.http.blueprint import FORM
from service.roles import Role
from tests.api.signed_in import token_of
from tests.builders import THANH_VINH, TRUONG_VINH, Json, MovedClock, a_square
from tests.pictures import a_bare_photo

NAMES: Final = {
    Role.OFFICER: "can.bo",
    Role.LEADER: "lanh.dao",
    Role.SUPERVISOR: "giam.sat",
    Role.ADMINISTRATOR: "quan.tri",
    Role.AUDITOR: "kiem.toan",
}
PASSWORD, NEW_PASSWORD = "một mật khẩu đủ dài", "một mật khẩu khác"
BROWSER = "Mozilla/5.0 (Android 14; Mobile)"
OWN_PAGE = {"X-Requested-With": "so-nong-ho-form", "Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}

SHOWN_TEXTS: Final = ("text/csv", "text/plain", "text/css", "application/x-ndjson")
"""Texts of which the first lines are shown; of pages, pictures and workbooks only how they are requested."""
MOST_ELEMENTS, MOST_LINES = 2, 2

OF_THE_DOCUMENT: Final = (
    *("parameters", "requestBody", "responses", "schemas", "securitySchemes", "security", "description", "tags"),
)
"""What the example of the document itself leaves out."""

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_RANDOM: Final = {
    "access_token": re.compile(r"[\w-]+[.][\w-]+[.][\w-]+"),
    **dict.fromkeys(("refresh_token", "csrf_token", "client_secret", "password"), re.compile(r"[\w.-]{10,}")),
    **dict.fromkeys(("kid", "x", "y", "session", "token"), re.compile(r"[\w-]{8,}")),
}
"""Items whose values are random, and what these look like."""


class Recorder:
    """Calls the service and stores what was sent and what came."""

    def __init__(self, app: Flask, clock: MovedClock, own: Iterable[str]) -> None:
        self.app = app
        self.clock = clock
        self.client = app.test_client()
        self.exchanges: dict[str, list[Json]] = {}
        document = app.extensions["specification"]
        self._operations = {
            operation["operationId"]: (method, path)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if isinstance(operation, dict) and "operationId" in operation
        }
        self._made_up: dict[str, str] = {each: each for each in own}

    def __call__(
        self,
        operation: str,
        *,
        status: int = 200,
        by: Role | str | None = Role.OFFICER,
        query: dict[str, Any] | None = None,
        accept: str = "*/*",
        headers: dict[str, str] | None = None,
        few: tuple[str, ...] = (),
        without: tuple[str, ...] = (),
        **options: Any,
    ) -> Any:
        """Make a call and return its JSON, or its bytes; ``options`` are places in the address, ``json`` or ``data``.

        ``few`` names objects of which only the first members are shown, ``without`` members that are not.
        """
        method, path = self._operations[operation]
        body = {name: options.pop(name) for name in ("json", "data", "content_type") if name in options}
        address = path.format(**options) + (f"?{urlencode(query, safe=',:')}" if query else "")
        sent = {"Accept": accept, "User-Agent": BROWSER, **(headers or {})}
        self.clock.pass_by(seconds=7)  # so that what lies in order of time does
        if by is not None:
            sent["Authorization"] = f"Bearer {self.token(by) if isinstance(by, Role) else by}"
        response = self.client.open(address, method=method.upper(), headers=sent, buffered=True, **body)
        assert response.status_code == status, (address, response.status_code, response.text[:2000])
        precondition = "".join(f", {name}: {value}" for name, value in sent.items() if name.startswith("If-"))
        exchange: Json = {"call": f"{method.upper()} {self._shown(address)}{precondition}", "status": status}
        if body:
            exchange["request_type"] = body.get("content_type", "application/json" if "json" in body else FORM)
            if not isinstance(body.get("data"), bytes):
                exchange["request"] = self._shown(body.get("json", body.get("data")))
        parsed = response.get_json() if response.is_json else None
        if response.data:
            exchange["response_type"] = response.mimetype
            if parsed is not None:
                exchange["response"] = self._shown(cut(parsed, few, without))
            elif response.mimetype in SHOWN_TEXTS:
                exchange["response"] = self._shown("".join(response.text.splitlines(keepends=True)[:MOST_LINES]))
        self._store(operation, exchange)
        return response.data if parsed is None else parsed

    def token(self, role: Role) -> str:
        """A fresh token of the account that stands for a role."""
        return token_of(self.app, role, name=NAMES[role])

    def _store(self, operation: str, exchange: Json) -> None:
        """Store an exchange, unless what it shows is shown already."""
        known = self.exchanges.setdefault(operation, [])
        bodies = [(one.get("request_type"), (one["status"], one.get("response_type"))) for one in known]
        request, response = exchange.get("request_type"), (exchange["status"], exchange.get("response_type"))
        if request not in [sent for sent, _ in bodies] or response not in [came for _, came in bodies]:
            known.append(exchange)

    def _shown(self, value: Any, name: str = "") -> Any:
        """The value with what is random made up."""
        if isinstance(value, dict):
            return {key: self._shown(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self._shown(each, name) for each in value]
        if not isinstance(value, str):
            return value
        if name in _RANDOM and _RANDOM[name].fullmatch(value) and not _UUID.fullmatch(value):
            return self._made_up.setdefault(value, f"{name}-{self._count()}")
        for digits in (64, 32):
            value = re.sub(
                rf"\b[0-9a-f]{{{digits}}}\b",
                lambda one: self._made_up.setdefault(one[0], f"{self._count():0{len(one[0])}x}"),
                value,
            )
        return _UUID.sub(lambda one: self._made_up.setdefault(one[0], self._an_id()), value)

    def _count(self) -> int:
        """The number of the next thing that is made up."""
        return sum(real != shown for real, shown in self._made_up.items()) + 1

    def _an_id(self) -> str:
        return f"0192f0c1-0000-7000-8000-{self._count():012d}"


def cut(value: Any, few: tuple[str, ...], without: tuple[str, ...], *, now: bool = False) -> Any:
    """The value with the first elements of each list and the first members of objects that are ``few``."""
    if isinstance(value, dict):
        members = [(name, each) for name, each in value.items() if name not in without]
        return {
            name: cut(each, few, without, now=name in few) for name, each in members[: MOST_ELEMENTS if now else None]
        }
    if isinstance(value, list):
        whole = bool(value) and isinstance(value[0], list | int | float)  # positions: a ring cut short is no ring
        return [cut(each, few, without) for each in (value if whole else value[:MOST_ELEMENTS])]
    return value


def an_own_id(number: int) -> str:
    """An id that a client minted."""
    return f"0192f0c1-7a3b-7c4d-8e5f-{number:012d}"


A, B, C, D, E = (an_own_id(number) for number in range(1, 6))
"""Households: of a paper list; of the workflow; two neighbours; one whose people make requests."""
FIELD, FIELD_BESIDE, PHOTO = (an_own_id(number) for number in (11, 12, 21))
WEST, SOUTH = 105.67, 18.68


def a_listed_household(household: str, number: str, name: str, **items: Any) -> Json:
    """As from a paper list: the least that registers, and a birth date."""
    head = {"full_name": name, "sex": "female", "birth_date": "1985", "national_id": f"040185{number}"}
    return {"id": household, "commune": THANH_VINH, "head": head, "legal_basis": "state_function", **items}


def a_field(parcel: str, number: str, west: float) -> Json:
    """A parcel with its boundary."""
    place = {"map_sheet": "12", "parcel_number": number, "land_use": "LUC", "tenure": "owned"}
    return {"id": parcel, **place, "declared_area_m2": 1050.0, "geometry": a_square(west, SOUTH)}


def matching(revision: int) -> dict[str, str]:
    """The header of a change of this revision."""
    return {"If-Match": f'"{revision}"'}


def play(call: Recorder, whole: Json) -> None:
    """Call every operation; ``whole`` is the household that the document shows."""
    households(call, whole)
    parcels_and_photos(call)
    units_and_coverage(call)
    derived_forms(call)
    sessions(call)
    accounts(call)
    requests(call)
    call("trail", by=Role.AUDITOR, query={"household": E})


def households(call: Recorder, whole: Json) -> None:
    """Registration, the list, the workflow and the feed."""
    least = a_listed_household(A, "000001", "Lò Thị Hoa", village="Khối 3")
    call("post_household", status=201, json=least)
    call("post_household", json=least)
    call("put_household", status=201, household_id=whole["id"], json=whole)
    call("put_household", household_id=A, json=least | {"village": "Khối 4"}, headers=matching(1))
    wrong = {**least, "head": {name: value for name, value in least["head"].items() if name != "sex"}}
    call("put_household", status=422, household_id=A, json=wrong, headers=matching(2))
    merge = "application/merge-patch+json"
    poor = {"poverty": "near_poor", "poverty_date": "2026-01-15", "village": None}
    call("patch_household", household_id=A, json=poor, content_type=merge, headers=matching(2))
    call("patch_household", household_id=A, json={"head": {"phone": "0912345678"}}, headers=matching(3))
    call("get_household", household_id=A)
    call("list_households", query={"commune": THANH_VINH, "limit": 1, "count": "true"})
    call("post_household", status=201, json=a_listed_household(B, "000002", "Vi Thị Mai"))
    call("verify_household", by=Role.LEADER, household_id=B)
    call("return_household", by=Role.LEADER, household_id=B, json={"reason": "Thiếu xóm"})
    call("transfer_household", household_id=B, json={"commune": TRUONG_VINH, "village": "Xóm 5"})
    call("household_history", household_id=A, query={"limit": 2})
    call("withdraw_household", household_id=B, json={"reason": "moved_away"})
    call("changes", query={"commune": TRUONG_VINH, "limit": 1})


def parcels_and_photos(call: Recorder) -> None:
    """Two neighbours whose parcels overlap, and a photo."""
    first = a_listed_household(C, "000003", "Hà Thị Lan", parcels=[a_field(FIELD, "345", WEST)])
    call("post_household", status=201, json=first)
    question = {"geometry": a_square(WEST + 0.0002, SOUTH), "commune": THANH_VINH, "declared_area_m2": 1050.0}
    call("check_parcel", json=question)
    second = a_listed_household(D, "000004", "Hà Thị Cúc", parcels=[a_field(FIELD_BESIDE, "346", WEST + 0.0002)])
    call("post_household", status=201, json=second)
    reason = {"reason": "Đã đo lại, ranh giới đúng"}
    call("settle_parcel", by=Role.SUPERVISOR, parcel_id=FIELD, json=reason)
    photo: dict[str, Any] = {"household_id": C, "photo_id": PHOTO, "query": {"of": "land_certificate", "parcel": FIELD}}
    picture: dict[str, Any] = {"data": a_bare_photo(80, 50), "content_type": "image/jpeg"}
    call("put_photo", status=201, **photo, **picture)
    call("put_photo", **photo, **picture)
    call("list_photos", household_id=C)
    call("get_photo", household_id=C, photo_id=PHOTO)
    call("delete_photo", status=204, household_id=C, photo_id=PHOTO)
    around = {"near": [WEST, SOUTH], "within": 200}
    call("search_households", json=around)
    call("search_households", json=around, accept="text/csv")
    call("search_households_csv", json=around)
    call("search_households_xlsx", json=around)


def units_and_coverage(call: Recorder) -> None:
    """Units, what is expected in them, and what is there."""
    call("list_units", query={"level": "commune", "valid_on": "2025-06-30", "q": "vinh"})
    call("get_unit", code=THANH_VINH)
    call("get_unit_border", code=THANH_VINH, query={"tolerance": 50})
    baseline = {"households": 1200, "source": "Cục Thống kê", "date": "2026-07-01"}
    call("put_baseline", by=Role.SUPERVISOR, code=THANH_VINH, json=baseline)
    call("get_baselines", code=THANH_VINH)
    villages = [{"name": "Khối 3", "expected": 210}, {"name": "Khối 4", "expected": 185}]
    call("put_villages", by=Role.LEADER, code=THANH_VINH, json={"villages": villages})
    call("get_villages", code=THANH_VINH)
    call("coverage", query={"level": "province"})
    call("coverage_csv", query={"level": "province"})
    call("coverage_xlsx", query={"level": "province"})
    call("coverage_geojson", query={"level": "commune", "tolerance": 200})
    call("coverage_trend", query={"unit": THANH_VINH, "from": "2026-11-22", "to": "2026-11-23"})
    call("delete_baseline", status=204, by=Role.SUPERVISOR, code=THANH_VINH, query={"date": "2026-07-01"})
    call("open_households", by=None, query={"by": "poverty"})
    call("open_households_csv", by=None, query={"by": "poverty"})
    call("open_households_xlsx", by=None, query={"by": "poverty"})


def derived_forms(call: Recorder) -> None:
    """What everybody may read of the register itself."""
    call("schema_json", by=None, few=("properties", "$defs"))
    call("schema_form", by=None, few=("lists", "messages"))
    call("form_settings", by=None)
    call("schema_xlsform", by=None)
    call("schema_dictionary", by=None)
    call("schema_codelists", by=None)
    call("schema_codelist", by=None, name="land_use")
    call("livez", by=None)
    call("readyz", by=None)
    call("metrics", by=Role.ADMINISTRATOR)
    call("openapi", by=None, few=("paths",), without=OF_THE_DOCUMENT)
    call("docs", by=None)
    call("docs_problems", by=None)
    call("docs_style", by=None)
    call("jwks", by=None)


def sessions(call: Recorder) -> None:
    """Signing in as a program and as a browser, and one's own devices."""
    new = {"username": "can.bo.moi", "role": "officer", "area": [THANH_VINH], "full_name": "Nguyễn Thị Thu"}
    call("create_account", status=201, by=Role.ADMINISTRATOR, json=new | {"password": PASSWORD})
    grant = {"grant_type": "password", "username": "can.bo.moi", "password": PASSWORD}
    mine = call("token", by=None, json=grant | {"device_name": "Điện thoại của Thu"})["access_token"]
    call("change_password", status=204, by=mine, json={"old_password": PASSWORD, "password": NEW_PASSWORD})
    call("token", by=None, data=grant | {"password": NEW_PASSWORD})
    call("own_session", by=mine)
    here: dict[str, Any] = {"by": None, "headers": OWN_PAGE}
    call("sign_in", json={"username": "can.bo.moi", "password": NEW_PASSWORD}, **here)
    other = next(each for each in call("own_sessions", by=mine)["items"] if not each["current"])
    call("end_session", status=204, by=mine, session_id=other["id"])
    call("sign_out", status=204, by=mine)


def accounts(call: Recorder) -> None:
    """What an administrator does."""
    system = {"username": "thong-ke-tinh", "role": "system", "area": ["40"], "scopes": ["coverage:read"]}
    account = call("create_account", status=201, by=Role.ADMINISTRATOR, json=system)["id"]
    call("list_accounts", by=Role.ADMINISTRATOR, query={"limit": 2})
    one: dict[str, Any] = {"by": Role.ADMINISTRATOR, "account_id": account}
    call("patch_account", json={"scopes": ["coverage:read", "changes:read"]}, **one)
    call("reset_account", **one)
    call("suspend_account", **one)
    call("resume_account", **one)
    grant = {"grant_type": "password", "username": "can.bo.moi", "password": NEW_PASSWORD}
    person = call("token", by=None, json=grant)["account"]["id"]
    one = {"by": Role.ADMINISTRATOR, "account_id": person}
    session = call("get_account", **one)["sessions"][0]["id"]
    call("end_account_session", status=204, session_id=session, **one)


def requests(call: Recorder) -> None:
    """People's requests about their data."""
    call("post_household", status=201, json=a_listed_household(E, "000005", "Lương Thị Yến"))

    def received(kind: str) -> dict[str, Any]:
        request = {"kind": kind, "household": E, "person": "Lương Thị Yến", "text": "Theo đơn ngày 23/11/2026"}
        return {"request_id": call("receive_request", status=201, json=request)["id"]}

    copy, restriction, correction, other = (received(kind) for kind in ("copy", "restrict", "correct", "object"))
    call("acknowledge_request", **copy)
    call("extend_request", **copy, json={"reason": "Chờ bản giấy"})
    call("copy_request", **copy)
    call("carry_out_request", by=Role.LEADER, **copy, json={"outcome": "Đã trao bản sao"})
    call("carry_out_request", by=Role.LEADER, **restriction)
    call("lift_request", **restriction)
    call("refuse_request", **correction, json={"reason": "Dữ liệu đã đúng"})
    call("cancel_request", **other)
    call("get_request", **copy)
    call("list_requests", query={"household": E, "kind": "copy"})
