"""The unit for systemd: what systemd itself says of it, and what it must not lose."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "sipagent.service"

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def analysed(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["systemd-analyze", "--no-pager", *arguments],
        check=False,
        capture_output=True,
        text=True,
        timeout=30,
    )


@needs_systemd
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    program = tmp_path / "sipagent"
    program.touch(mode=0o755)
    copy = tmp_path / UNIT.name
    copy.write_text(UNIT.read_text().replace("/opt/sipagent/bin/sipagent", str(program)))
    said = analysed("verify", "--man=no", str(copy))
    about_it = [line for line in said.stderr.splitlines() if UNIT.name in line]
    assert (said.returncode, about_it) == (0, [])


@needs_systemd
def test_it_is_exposed_to_little() -> None:
    said = analysed("security", "--offline=true", "--threshold=20", str(UNIT))  # of 100
    assert said.returncode == 0, said.stdout + said.stderr
    level = re.search(r"exposure level for sipagent.service: ([0-9.]+)", said.stdout)
    assert level is not None
    assert float(level[1]) < 2


def test_it_has_a_user_and_folders_of_its_own_and_a_watchdog() -> None:
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(UNIT)
    service = unit["Service"]
    assert service["Type"] == "notify"
    assert int(service["WatchdogSec"]) > 0
    assert service["User"] == "sipagent"
    assert service["StateDirectory"] == service["RuntimeDirectory"] == "sipagent"
    users = (UNIT.parent / "sipagent.sysusers.conf").read_text()
    assert re.search(r"^u sipagent ", users, re.MULTILINE)
    # A drain takes 30 s, and what comes after it 8 s: systemd must wait for both.
    assert int(service["TimeoutStopSec"]) > 30 + 8
