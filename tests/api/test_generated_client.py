"""A client that a well-known generator makes of openapi.yaml registers and reads a full household."""

import importlib
import json
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import attrs
import httpx
import pytest
from flask import Flask

from service.app import register_of
from service.roles import Role
from service.settings import Settings
from tests.api.signed_in import token_of

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
NAME = "generated_register_client"
#: What the generator must know of files: a workbook is bytes, a line of JSON after another is text.
FILES = {
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "application/octet-stream",
    "application/x-ndjson": "text/plain",
    "image/jpeg": "application/octet-stream",
}


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModuleType]:
    """The client that openapi-python-client writes, imported."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.json"
    config.write_text(json.dumps({"post_hooks": [], "content_type_overrides": FILES}), encoding="utf-8")
    arguments = ["--path", ROOT / "openapi.yaml", "--output-path", folder / NAME, "--meta", "none", "--config", config]
    run = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Warning" not in run.stdout + run.stderr, run.stdout + run.stderr
    sys.path.insert(0, str(folder))
    yield importlib.import_module(NAME)
    sys.path.remove(str(folder))


def part(name: str) -> Any:
    """A module of the generated client."""
    return importlib.import_module(f"{NAME}.{name}")


@pytest.fixture
def client(generated: ModuleType, app: Flask, register_settings: Settings) -> Any:
    """The generated client, signed in as an officer."""
    return generated.AuthenticatedClient(
        base_url="http://register.test",
        token=token_of(app, Role.OFFICER),
        httpx_args={"transport": httpx.WSGITransport(app=app)},
    )


def test_the_generated_client_registers_and_reads_a_full_household(client: Any, app: Flask) -> None:
    household = part("models").Household.from_dict(register_of(app).example)
    put = part("api.households.put_household").sync_detailed(household.id, client=client, body=household)
    assert put.status_code == 201
    read = part("api.households.get_household").sync(household.id, client=client)
    assert read.head.full_name == "Nguyễn Văn An"
    assert read.revision == 1
    given = {
        "status",
        "stage",
        "missing",
        "findings",
        "revision",
        "created_at",
        "updated_at",
        "schema_version",
        "derived",
        "agency",
    }
    assert read.to_dict().keys() - given == register_of(app).example.keys()


def test_the_generated_client_reads_lists_notes_and_changes_by_name(client: Any, app: Flask) -> None:
    models, household = part("models"), part("models").Household.from_dict(register_of(app).example)
    part("api.households.put_household").sync(household.id, client=client, body=household)
    patch = models.HouseholdPatch(address=None, head=models.HeadPatch(phone="0987654321"))
    revise = part("api.households.patch_household").sync
    assert revise(household.id, client=client, body=patch, if_match='"1"').head.phone == "+84987654321"
    reason = models.Reason(reason="Thiếu xóm")
    part("api.workflow.return_household").sync(household.id, client=leader_of(client, app), body=reason)
    (found,) = part("api.households.list_households").sync(client=client).items
    assert found.status_reason == "Thiếu xóm"
    returned, revised, _ = part("api.workflow.household_history").sync(household.id, client=client).items
    assert returned.note.reason == "Thiếu xóm"
    assert [(each.pointer, each.before, each.after) for each in revised.differences] == [
        ("/address", "số 12", part("types").UNSET),
        ("/head/phone", "+84912345678", "+84987654321"),
    ]
    assert part("api.changes.changes").sync(client=client).changes[-1].note == returned.note


def test_every_module_of_the_generated_client_can_be_imported(generated: ModuleType) -> None:
    for module in pkgutil.walk_packages(generated.__path__, f"{NAME}."):
        importlib.import_module(module.name)


def test_the_generated_client_signs_in_by_json_and_by_form(client: Any, app: Flask) -> None:
    grant = {"grant_type": "client_credentials", "client_id": "bo", "client_secret": "một mật khẩu đủ dài"}
    for kind in ("TokenRequest", "TokenForm"):
        body = getattr(part("models"), kind).from_dict(grant)
        assert part("api.session.token").sync(client=client, body=body).code == "access.sign-in-failed"


def test_the_generated_client_reads_the_form_and_the_schema_by_name(client: Any) -> None:
    form = part("api.schema.schema_form").sync(client=client)
    assert form.steps[0].items[0].label.en == "Commune"
    schema = part("api.schema.schema_json").sync(client=client)
    assert schema.properties["village"].type_ == "string"


def leader_of(client: Any, app: Flask) -> Any:
    """The same client, signed in as a leader."""
    return attrs.evolve(client, token=token_of(app, Role.LEADER))


def test_the_generated_client_reads_what_is_wrong(client: Any, app: Flask) -> None:
    household = part("models").Household.from_dict(register_of(app).example | {"village": " "})
    problem = part("api.households.put_household").sync(household.id, client=client, body=household)
    assert problem.code == "household.invalid"
    assert [(error.pointer, error.code) for error in problem.errors] == [("/village", "text.blank")]
