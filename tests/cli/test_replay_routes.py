"""``sipagent replay-routes``: calls in the store, and the plans as they are now."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from sipagent.calls import facts
from sipagent.cli import app
from sipagent.dialplan.call_keys import CallKeys
from sipagent.errors import DialplanError
from tests.ops.store.stores import made, rows_of, write

PLAN = 'name = "{name}"\n[match]\ncalled = "{called}"\n[refuse]\n'


def offered(call_id: str, called: str, plan: str, direction: str = "incoming") -> list[facts.Fact]:
    keys = CallKeys(called, call_id=call_id, at_s=1.9e9)
    offer = facts.CallOffered(direction, "s", called, "me", keys=keys)
    return [offer, *([facts.CallRouted(plan, "")] if plan else [])]


def asked(folder: Path, *arguments: str) -> tuple[int, list[str]]:
    config = folder / "sipagent.toml"
    config.write_text('[http]\nport = 0\n[dialplans]\npath = "plans"\n', encoding="utf-8")
    ended = CliRunner().invoke(app, ["replay-routes", *arguments, "-c", str(config)])
    return ended.exit_code, ended.output.splitlines()


def test_calls_that_would_go_elsewhere_are_told_and_are_the_exit_status(tmp_path: Path) -> None:
    plans, edited = tmp_path / "plans", tmp_path / "edited"
    for folder, called in ((plans, "1*"), (edited, "12*")):
        folder.mkdir()
        (folder / "desk.toml").write_text(PLAN.format(name="desk", called=called))
        (folder / "rest.toml").write_text(PLAN.format(name="rest", called="*"))
    with made(f"sqlite:///{tmp_path}/sipagent.db") as engine:
        for number, each in enumerate(
            (("a", "123", "desk"), ("b", "13", "desk"), ("c", "9", "rest"))
        ):
            write(engine, *rows_of(each[0], offered(*each), began_ms=1_900_000_000_000 + number))
        write(engine, *rows_of("d", offered("d", "9", "desk", "outgoing")))
    assert asked(tmp_path) == (0, ["0 of 3 calls would be routed differently"])
    status, lines = asked(tmp_path, str(edited))
    assert status == 1
    assert lines == [
        '2030-03-17T17:46:40.000+00:00  13  b: desk -> rest: rest: called "13" matches *;'
        ' priority 0; desk: called "13" matches none of 12*',
        "1 of 3 calls would be routed differently",
    ]
    assert asked(tmp_path, "--calls", "1", str(edited)) == (
        0,
        ["0 of 1 call would be routed differently"],
    )


def test_a_folder_without_dialplans_is_an_error_and_no_answer(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with made(f"sqlite:///{tmp_path}/sipagent.db"):
        for name, why in (("none", "there is no such folder"), ("empty", "there are no dialplans")):
            (tmp_path / "sipagent.toml").write_text("[http]\nport = 0\n", encoding="utf-8")
            arguments = ["replay-routes", str(tmp_path / name), "-c", f"{tmp_path}/sipagent.toml"]
            ended = CliRunner().invoke(app, arguments)
            assert isinstance(ended.exception, DialplanError)
            assert why in str(ended.exception)
