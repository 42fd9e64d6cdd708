"""``sipagent serve``: starts or says why not, answers, tells, ends."""

from __future__ import annotations

import asyncio
import signal
import socket
from pathlib import Path

import orjson
import pytest

from tests.fakes.faulty_endpoint import faulty_endpoint
from tests.telephony.sipp import Sipp, needs_sipp

from .appliance import appliance, start, write_files


async def failed_start(config: Path) -> str:
    """Return what an appliance says that does not start."""
    process = await start(config)
    await process.communicate()
    assert process.returncode == 1
    return (config.parent / "log.txt").read_text()


async def test_it_is_ready_and_says_what_it_speaks_to(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        assert endpoint.url in running.announcement
        assert "4 calls, 1 dialplans" in running.announcement
        assert (await running.get("/healthz"))[0] == 200

        status, body = await running.get("/readyz")
        while status != 200:  # until the first heartbeat
            await asyncio.sleep(0.02)
            status, body = await running.get("/readyz")
        assert orjson.loads(body)["call_limit"] == 4


async def test_a_busy_sip_port_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        config = write_files(tmp_path, realtime_url="ws://127.0.0.1:9/x", sip_port=port)
        text = await failed_start(config)
    (line,) = [each for each in text.splitlines() if each.startswith("sipagent: ")]
    assert f"127.0.0.1:{port}" in line


async def test_a_busy_http_port_is_named_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        config = write_files(tmp_path, realtime_url="ws://127.0.0.1:9/x", http_port=port)
        text = await failed_start(config)
    assert f"sipagent: HTTP cannot listen on 127.0.0.1:{port}" in text


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (("plans/test.toml", "greeting", "greating"), "plans/test.toml:6: session.greating"),
        (("sipagent.toml", 'bind = "127', 'bimd = "127'), "sipagent.toml:3: sip.bimd"),
    ],
)
async def test_an_unknown_key_is_named_with_file_and_line(
    tmp_path: Path, edit: tuple[str, str, str], expected: str
) -> None:
    config = write_files(tmp_path, realtime_url="ws://127.0.0.1:9/x")
    name, old, new = edit
    path = tmp_path / name
    path.write_text(path.read_text().replace(old, new))
    assert expected in await failed_start(config)


@needs_sipp
async def test_a_call_that_no_plan_takes_is_not_found_and_on_record(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url, called="somebody-else") as running,
    ):
        async with Sipp("is_refused", running.sip_port, tmp_path, status=404) as call:
            await call.succeeds()
        (record,) = await running.until_records(1)
        assert (record["result"], record["reason"]) == ("refused", "no_route")
        assert endpoint.sessions == []


async def test_nothing_survives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        assert running.process is not None
        worker = Path(f"/proc/{running.worker_pid()}")
        running.process.send_signal(signal.SIGKILL)
        await running.process.wait()
        await running.until(worker.exists, lambda exists: not exists)


async def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    async with (
        faulty_endpoint() as endpoint,
        appliance(tmp_path, realtime_url=endpoint.url) as running,
    ):
        await running.kill_worker()


async def test_the_service_manager_is_told_when_it_is_ready_alive_and_stopping(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        heard: asyncio.Queue[bytes] = asyncio.Queue()  # a full socket would take no more
        loop = asyncio.get_running_loop()
        loop.add_reader(manager, lambda: heard.put_nowait(manager.recv(1000)))
        async with (
            faulty_endpoint() as endpoint,
            appliance(tmp_path, realtime_url=endpoint.url) as running,
        ):
            ready = (await heard.get()).decode()
            assert ready == f"READY=1\nSTATUS={running.announcement.strip()}"
            while (await heard.get()) != b"STATUS=0 of 4 calls":
                pass
            assert await heard.get() == b"WATCHDOG=1"
            assert await heard.get() == b"WATCHDOG=1"
        while not (await heard.get()).startswith(b"STOPPING=1"):
            pass
        loop.remove_reader(manager)
