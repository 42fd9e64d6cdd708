"""Where the official SDKs are: installed on first use, outside ``.venv``, and kept.

    .peers/python   a virtual environment of its own
    .peers/js       node_modules, and a copy of the program, which must stand beside them

Each is installed again when the file that names its packages changes. Without the tools or the
registries there are no peers, and their tests are skipped.
"""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = HERE.parents[1] / ".peers"
INSTALL_TIMEOUT_S = 120


class PeerMissing(Exception):
    """There is no such SDK here, and none can be installed; tells what is missing."""


def python_peer() -> list[str]:
    """Return the command that runs the Python SDK; install it if need be.

    Raises:
        PeerMissing: If it cannot be installed.
    """
    requirements = HERE / "python" / "requirements.txt"
    folder = INSTALLED / "python"
    python = str(folder / "bin" / "python")

    def install() -> None:
        run("python -m venv", sys.executable, "-m", "venv", str(folder))
        pip = (python, "-m", "pip", "install", "--quiet", "--retries=1")
        run("PyPI", *pip, "-r", str(requirements))

    install_once(folder, sys.version.encode() + requirements.read_bytes(), install)
    return [python, str(HERE / "python" / "session.py")]


def js_peer() -> list[str]:
    """Return the command that runs the JavaScript SDK; install it if need be.

    Raises:
        PeerMissing: If it cannot be installed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        raise PeerMissing("node and npm are needed, and not on the PATH")
    lock, folder = HERE / "js" / "package-lock.json", INSTALLED / "js"

    def install() -> None:
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / "js" / name, folder)
        ci = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        run("the npm registry", *ci, "--fetch-retries=1", "--prefix", str(folder))

    install_once(folder, lock.read_bytes(), install)
    program = folder / "session.mjs"  # Node looks for packages beside what imports them
    with _alone():
        shutil.copy(HERE / "js" / "session.mjs", folder / "session.new")
        (folder / "session.new").replace(program)  # whoever reads the old one goes on reading it
    return [node, str(program)]


def install_once(folder: Path, packages: bytes, install: Callable[[], None]) -> None:
    """Install into ``folder``, from nothing, unless exactly these packages are there."""
    stamp, wanted = folder / "installed", sha256(packages).hexdigest()
    with _alone():
        if stamp.exists() and stamp.read_text() == wanted:
            return
        shutil.rmtree(folder, ignore_errors=True)
        install()
        stamp.write_text(wanted)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one run of the tests install at a time."""
    INSTALLED.mkdir(exist_ok=True)
    with (INSTALLED / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(what: str, *command: str) -> None:
    """Run an installer.

    Raises:
        PeerMissing: If it fails or hangs; names ``what`` is missing.
    """
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=INSTALL_TIMEOUT_S,
            check=False,
            text=True,
        )
    except subprocess.TimeoutExpired:
        raise PeerMissing(f"{what}: no end after {INSTALL_TIMEOUT_S} s") from None
    if done.returncode != 0:
        raise PeerMissing(f"{what}: {' '.join(done.stderr.split())[-300:]}")
