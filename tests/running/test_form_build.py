"""Building the form in a copy of its sources: once, again when they change, and never in the tree that git tracks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from service.running import errors
from service.running.form_build import build_form

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="these use the machine's Node.js")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A form of one file, built by copying it: npm and its lock file are real, packages it needs none."""
    sources = tmp_path / "form"
    (sources / "src").mkdir(parents=True)
    (sources / "src" / "page.html").write_text("<p>Sổ Nông Hộ</p>", encoding="utf-8")
    build = "mkdir -p dist && cp src/page.html dist/index.html"
    package = {"name": "page", "version": "1.0.0", "scripts": {"build": build}}
    (sources / "package.json").write_text(json.dumps(package))
    root = {"name": "page", "version": "1.0.0"}
    lock = {**root, "lockfileVersion": 3, "packages": {"": root}}
    (sources / "package-lock.json").write_text(json.dumps(lock))
    return sources


def built(data: Path, sources: Path) -> Path:
    folder = build_form(data, os.environ, sources)
    assert folder is not None
    return folder / "index.html"


def test_builds_in_the_data_folder_and_leaves_the_sources_unchanged(tmp_path: Path, sources: Path) -> None:
    before = sorted(sources.rglob("*"))
    page = built(tmp_path / "data", sources)
    assert page.read_text(encoding="utf-8") == "<p>Sổ Nông Hộ</p>"
    assert page.is_relative_to(tmp_path / "data")
    assert sorted(sources.rglob("*")) == before


@pytest.mark.slow
def test_builds_again_only_when_a_source_changed(tmp_path: Path, sources: Path) -> None:
    page = built(tmp_path / "data", sources)
    page.write_text("not built again")
    assert built(tmp_path / "data", sources).read_text() == "not built again"
    (sources / "src" / "page.html").write_text("new")
    assert built(tmp_path / "data", sources).read_text() == "new"


@pytest.mark.slow
def test_a_deleted_source_is_deleted_from_the_copy(tmp_path: Path, sources: Path) -> None:
    (sources / "src" / "old.html").write_text("old")
    built(tmp_path / "data", sources)
    (sources / "src" / "old.html").unlink()
    built(tmp_path / "data", sources)
    assert not (tmp_path / "data" / "form-build" / "src" / "old.html").exists()


@pytest.mark.slow
def test_a_failed_build_reports_the_tools_message_and_is_retried(tmp_path: Path, sources: Path) -> None:
    page = (sources / "src" / "page.html").read_text(encoding="utf-8")
    (sources / "src" / "page.html").unlink()
    with pytest.raises(errors.PackagesUnavailable, match=r"page\.html"):
        built(tmp_path / "data", sources)
    (sources / "src" / "page.html").write_text(page, encoding="utf-8")
    assert built(tmp_path / "data", sources).exists()


def test_a_checkout_without_a_form_has_none(tmp_path: Path) -> None:
    assert build_form(tmp_path / "data", os.environ, tmp_path / "no form") is None
