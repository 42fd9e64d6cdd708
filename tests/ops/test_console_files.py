"""The console's files: packaged, served under rules that let no script of anybody else's run."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import aiohttp
import pytest
import yarl

from sipagent.ops.console_files import console_files

from .served import served_api

FOLDER = Path("sipagent/ops/console")
PATHS = ["/", "/console/console.js", "/console/console.css", "/console/pages/approvals.js"]


def test_every_file_is_part_of_the_package() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text())
    patterns = project["tool"]["setuptools"]["package-data"]["sipagent.ops"]
    packaged = {
        path
        for pattern in patterns
        for path in FOLDER.parent.glob(pattern)
        if path.is_relative_to(FOLDER)
    }
    there = {path for path in FOLDER.rglob("*") if path.is_file()}
    assert packaged == there
    assert {path for path, _ in console_files()} == {
        str(path.relative_to(FOLDER)) for path in there
    }


@pytest.mark.parametrize("path", PATHS)
async def test_a_file_brings_its_rules(tmp_path: Path, path: str) -> None:
    async with (
        served_api(tmp_path, bind="0.0.0.0", token="s3cret") as running,
        aiohttp.ClientSession() as http,
        http.get(f"http://127.0.0.1:{running.port}{path}") as response,
    ):
        assert response.status == 200
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        policy = dict(
            each.split(" ", 1) for each in response.headers["Content-Security-Policy"].split("; ")
        )
        assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
        assert policy["script-src"] == policy["style-src"] == "'self'"
        assert "unsafe" not in response.headers["Content-Security-Policy"]
        assert response.headers["Cache-Control"] == "no-cache"


async def test_a_file_that_is_known_is_not_sent_again(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{running.port}/console/console.js"
        async with http.get(url) as first:
            etag = first.headers["ETag"]
            assert first.content_type == "text/javascript"
        for known, status in ((etag, 304), ('"other"', 200)):
            async with http.get(url, headers={"If-None-Match": known}) as again:
                assert (again.status, again.headers["ETag"]) == (status, etag)
                assert bool(await again.read()) is (status == 200)


@pytest.mark.parametrize("path", ["/console/", "/console/../http.py", "/console/%2e%2e/http.py"])
async def test_nothing_else_is_served(tmp_path: Path, path: str) -> None:
    async with (
        served_api(tmp_path) as running,
        aiohttp.ClientSession() as http,
        http.get(yarl.URL(f"http://127.0.0.1:{running.port}{path}", encoded=True)) as response,
    ):
        assert response.status == 404


def test_no_script_makes_markup_of_text() -> None:
    for path in FOLDER.rglob("*.js"):
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", path.read_text()
        )
        assert found == [], path
