"""Flight records by the API."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import aiohttp
import pytest

from sipagent.ops import api_flights
from sipagent.ops.flight.record import flight_path, write_flight

from .flight.made import flight
from .served import served_api

PATH = "/api/v1/calls/c0ffee/flight"


async def test_a_record_comes_as_a_zip(tmp_path: Path) -> None:
    write_flight(flight_path(tmp_path / "flights", "c0ffee"), flight())
    async with (
        served_api(tmp_path) as running,
        aiohttp.ClientSession(f"http://127.0.0.1:{running.port}") as session,
        session.get(PATH) as answer,
    ):
        assert answer.status == 200
        assert answer.headers["Content-Disposition"] == 'attachment; filename="sipagent-c0ffee.zip"'
        with zipfile.ZipFile(io.BytesIO(await answer.read())) as bundle:
            assert "Call c0ffee" in bundle.read("index.html").decode()
        assert running.sent == []


@pytest.mark.parametrize("was_there", [True, False])
async def test_a_call_that_goes_on_is_saved_first(tmp_path: Path, was_there: bool) -> None:
    path = flight_path(tmp_path / "flights", "c0ffee")
    async with served_api(tmp_path) as running:
        if was_there:
            write_flight(path, flight())
        running.live_flights.add("c0ffee")
        running.on_flight = lambda _: write_flight(path, flight())
        async with (
            aiohttp.ClientSession(f"http://127.0.0.1:{running.port}") as session,
            session.get(PATH) as answer,
        ):
            assert answer.status == 200
        assert len(running.sent) == 1


async def test_a_call_that_nobody_has_is_not_found(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        status, body = await running.asks("GET", PATH)
        assert (status, body["error"]["message"]) == (
            404,
            "there is no flight record of such a call",
        )
        status, _ = await running.asks("GET", "/api/v1/calls/..%2F..%2Fetc%2Fpasswd/flight")
        assert status == 404


async def test_a_record_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = flight_path(tmp_path / "flights", "c0ffee")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no record")
    async with served_api(tmp_path) as running:
        status, body = await running.asks("GET", PATH)
    assert status == 500 and "is no flight record" in body["error"]["message"]


async def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(api_flights, "flight_zip", fails)
    write_flight(flight_path(tmp_path / "flights", "c0ffee"), flight())
    async with served_api(tmp_path) as running:
        status, body = await running.asks("GET", PATH)
    assert status == 500 and "no room for the zip" in body["error"]["message"]
