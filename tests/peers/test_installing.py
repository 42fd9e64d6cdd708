"""SDKs are installed once, again when what is wanted changes, and missed with a reason."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from . import installing
from .installing import PeerMissing, install_once, js_peer, run


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Install where nothing is yet."""
    monkeypatch.setattr(installing, "INSTALLED", tmp_path / "peers")
    return tmp_path / "peers"


def test_what_is_installed_is_kept_until_something_else_is_wanted(installed: Path) -> None:
    folder, runs = installed / "sdk", list[str]()

    def install() -> None:
        assert not folder.exists()
        folder.mkdir()
        runs.append("install")

    for packages in (b"one", b"one", b"two"):
        install_once(folder, packages, install)
    assert runs == ["install", "install"]


def test_what_failed_to_install_is_tried_again(installed: Path) -> None:
    folder, runs = installed / "sdk", list[str]()

    def install() -> None:
        folder.mkdir()
        runs.append("install")
        if len(runs) == 1:
            raise PeerMissing("no network")

    with pytest.raises(PeerMissing):
        install_once(folder, b"one", install)
    install_once(folder, b"one", install)
    assert runs == ["install", "install"]


def test_node_is_missed_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "npm" else f"/bin/{name}")
    with pytest.raises(PeerMissing, match="node and npm"):
        js_peer()


def test_a_registry_that_does_not_answer_is_missed_with_what_was_said() -> None:
    script = "import sys; sys.exit('could not resolve host')"
    with pytest.raises(PeerMissing, match="the registry: could not resolve host"):
        run("the registry", sys.executable, "-c", script)


def test_an_installer_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installing, "INSTALL_TIMEOUT_S", 0.1)
    with pytest.raises(PeerMissing, match="the registry: no end"):
        run("the registry", sys.executable, "-c", "import time; time.sleep(60)")
