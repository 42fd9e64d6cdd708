"""What people had done is on record, whatever they wrote."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sipagent.ops.api_routes import V1
from sipagent.ops.audit import AT_HAND, AuditLog

from .served import APPROVALS, CALLS, asked, served_api
from .told import HOSTILE, OFFERED, told

ENTRY: dict[str, Any] = {"at": "x", "what": {"text": HOSTILE}}


def operates(**more: Any) -> dict[str, Any]:
    return {"headers": {"Authorization": "Bearer s3cret"}, **more}


async def test_every_request_that_was_to_change_something_is_an_entry(tmp_path: Path) -> None:
    async with served_api(tmp_path, token="s3cret") as running:
        running.api.heard("w", told(OFFERED))
        running.api.heard("w", asked())
        await running.asks("GET", CALLS, **operates())
        await running.asks("POST", f"{CALLS}/c/say", **operates(json={"text": "Hello."}))
        await running.asks("POST", f"{CALLS}/c/say", **operates(json={"text": ""}))
        await running.asks("POST", f"{CALLS}/c/hangup")
        await running.decides(**operates())
        wanted = {"to": "+49301", "plan": "desk"}
        _, placed = await running.asks("POST", CALLS, **operates(json=wanted))
        entries = [
            (each["by"], each["path"].removeprefix(V1), each["call_id"], each["status"])
            for each in running.audited
        ]
        assert entries == [
            ("operateer", "/calls/c/say", "c", 202),
            ("operateer", "/calls/c/say", "c", 400),
            ("", "/calls/c/hangup", "c", 401),
            ("operateer", "/approvals/a1", "c1", 200),
            ("operateer", "/calls", placed["call_id"], 202),
        ]
        assert running.audited[0]["what"] == {"text": "Hello."}
        assert running.audited[0]["source"] == "127.0.0.1"
        assert running.audited[1]["error"].startswith("text: ")
        assert running.audited[3]["what"] == {"approve": True}
        assert "s3cret" not in json.dumps(running.audited)


async def test_the_last_entries_are_shown_newest_first(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        for approval_id in ("a1", "a2", "a3"):
            await running.decides(approval_id=approval_id)
        status, content = await running.asks("GET", f"{V1}/audit?limit=2")
        paths = [each["path"] for each in content["entries"]]
        assert (status, paths) == (200, [f"{APPROVALS}/a3", f"{APPROVALS}/a2"])
        for limit in ("0", "1001", "-1", "x", "", "²", "9" * 5_000):
            assert (await running.asks("GET", f"{V1}/audit?limit={limit}"))[0] == 400


async def test_an_entry_is_one_line_of_ascii_whatever_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "new" / "audit.jsonl"
    log = AuditLog(path)
    log.write(ENTRY)
    log.write({"at": "y"})
    await log.close()
    written = path.read_bytes()
    assert len(written.decode("ascii").splitlines()) == 2
    assert not set(written) & {*range(10), *range(11, 32), 127}
    assert json.loads(written.splitlines()[0]) == ENTRY
    assert path.stat().st_mode & 0o777 == 0o640


async def test_after_a_start_the_last_entries_come_from_the_file(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    lines = [json.dumps({"n": number}) for number in range(AT_HAND + 5)]
    path.write_text("\n".join([*lines, "broken{", "5"]) + "\n")
    log = AuditLog(path)
    await log.open()
    assert log.last(2) == [{"n": AT_HAND + 4}, {"n": AT_HAND + 3}]
    assert len(log.last(AT_HAND * 2)) == AT_HAND
    await log.close()


async def test_a_full_disk_stops_nobody() -> None:
    log = AuditLog(Path("/dev/full"))
    log.write(ENTRY)
    await log.close()
    assert log.last(1) == [ENTRY]
