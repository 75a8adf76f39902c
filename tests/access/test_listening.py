"""Listening: beyond this machine only with keys of one's own; and limits that hold for an account over HTTP."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from service.roles import Role
from service.settings import Settings
from tests.api.asking import problem
from tests.api.signed_in import token_of
from tests.apps import OpenApp

ROOT = Path(__file__).parents[2]


def listening(bind: str, tmp_path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Start gunicorn as the register does, on a bind, and see whether it gets as far as checking its configuration."""
    command = [sys.executable, "-m", "gunicorn", "--config", "service/running/gunicorn_configuration.py"]
    given = {**os.environ, "MONGODB_URI": "mongodb://127.0.0.1:9/register", "DATA_FOLDER": str(tmp_path), **environment}
    if "KEYS_FOLDER" not in environment:
        given.pop("KEYS_FOLDER", None)
    return subprocess.run(
        [*command, "--bind", bind, "--workers", "1", "service.nothing:app"],
        cwd=ROOT,
        env=given,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("bind", ["0.0.0.0:0", "[::]:0"])
def test_the_service_does_not_show_itself_without_keys_of_its_own(bind: str, tmp_path: Path) -> None:
    ended = listening(bind, tmp_path)
    assert ended.returncode != 0
    assert "scripts/rotate-keys --first" in ended.stderr


def test_a_named_folder_without_keys_will_not_do(tmp_path: Path) -> None:
    ended = listening("0.0.0.0:0", tmp_path, KEYS_FOLDER=str(tmp_path / "keys"))
    assert "there are no keys" in ended.stderr


def test_on_loopback_it_goes_on_to_its_workers(tmp_path: Path) -> None:
    assert "No module named 'service.nothing'" in listening("127.0.0.1:0", tmp_path).stderr


def test_an_account_that_sends_too_many_requests_waits(open_app: OpenApp, register_settings: Settings) -> None:
    client = open_app(replace(register_settings, requests_per_minute=5)).test_client()
    often = {"Authorization": f"Bearer {token_of(client.application, Role.OFFICER)}"}
    statuses = [client.get("/v1/session", headers=often).status_code for _ in range(7)]
    assert statuses.count(200) in {5, 7}  # seven where a minute just ended between them
    other = {"Authorization": f"Bearer {token_of(client.application, Role.LEADER)}"}
    assert client.get("/v1/session", headers=other).status_code == 200


def test_sign_ins_of_one_address_are_limited(open_app: OpenApp, register_settings: Settings) -> None:
    client = open_app(replace(register_settings, sign_ins_per_minute=2)).test_client()
    body = {"grant_type": "refresh_token", "refresh_token": "x.y"}
    responses = [client.post("/v1/token", json=body) for _ in range(5)]
    problem(responses[-1], 429, "access.too-many-requests")
    assert 1 <= int(responses[-1].headers["Retry-After"]) <= 60
