"""Edits of a folder of plans, followed; no process has calls here."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from sipagent.config import Config
from sipagent.errors import DialplanError
from sipagent.ops.plan_state import ReloadOutcome
from sipagent.supervisor import plan_check, plan_keeper
from sipagent.supervisor.forks import fork_server
from sipagent.supervisor.plan_keeper import PlanKeeper

from .waiting import until

PLAN = 'name = "desk"\n[[agents]]\nname = "Ada"\ninstructions = "{words}"\n'
KEY = '[backend]\ninstructions = "x"\napi_key_file = "{key}"\n'


@pytest.fixture
def plan(tmp_path: Path) -> Path:
    (tmp_path / "plans").mkdir()
    file = tmp_path / "plans" / "desk.toml"
    file.write_text(PLAN.format(words="One."))
    return file


async def keeper(plan: Path, *, refuses: str = "") -> PlanKeeper:
    """Return one that has started on the folder of a plan."""
    folder = plan.parent
    config = Config.model_validate(
        {"dialplans": {"path": folder, "versions_path": folder.parent / "versions"}}
    )

    async def prepare(_: object) -> str:
        return refuses

    made = PlanKeeper(config, fork_server(), lambda *_: None, prepare)
    await made.start()
    return made


async def edited(made: PlanKeeper) -> None:
    """Have it follow what is in the folder now."""
    await made._edited()


async def test_a_file_that_is_only_touched_is_no_edit(plan: Path) -> None:
    made = await keeper(plan)
    os.utime(plan)
    await edited(made)
    assert (made.state.version, made.state.is_current) == (1, True)
    plan.write_text("name = ")
    await edited(made)
    assert (made.state.version, made.state.is_current) == (1, False)
    plan.write_text(PLAN.format(words="One."))
    await edited(made)
    assert (made.state.version, made.state.is_current, made.state.problems) == (1, True, ())


async def test_a_start_on_what_was_in_use_counts_no_further(plan: Path) -> None:
    await keeper(plan)
    assert (await keeper(plan)).state.version == 1
    plan.write_text(PLAN.format(words="Two."))
    assert (await keeper(plan)).state.version == 2


async def test_a_roll_back_outlives_a_start_and_ends_with_the_next_edit(plan: Path) -> None:
    made = await keeper(plan)
    plan.write_text(PLAN.format(words="Two."))
    await edited(made)
    assert await made.roll_back(1) == ()
    again = await keeper(plan)
    assert (again.state.version, again.state.is_rolled_back) == (1, True)
    assert again.state.is_current is False
    plan.write_text("name = ")
    again = await keeper(plan)
    assert again.state.version == 1  # not the one that somebody wanted no more
    plan.write_text(PLAN.format(words="Three."))
    await edited(again)
    assert (again.state.version, again.state.is_rolled_back) == (3, False)
    assert await made.roll_back(9) is None


async def test_a_key_elsewhere_is_followed_and_never_copied(plan: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("sk-secret")
    text = PLAN.format(words="One.") + 'tools = ["delegate"]\n' + KEY.format(key=key)
    plan.write_text(text)
    made = await keeper(plan)
    await edited(made)
    assert made.state.version == 1
    key.write_text("sk-other")
    await edited(made)
    assert made.state.version == 2
    key.unlink()
    await edited(made)
    assert made.state.is_broken
    copies = [each for each in (tmp_path / "versions").rglob("*") if each.is_file()]
    assert not any(b"sk-" in each.read_bytes() for each in copies)


async def test_a_folder_without_plans_is_no_edit_while_calls_are_taken(plan: Path) -> None:
    made = await keeper(plan)
    plan.unlink()
    await edited(made)
    (problem,) = made.state.problems
    assert (made.state.version, problem.is_error) == (1, True)
    assert "has no dialplan any more" in problem.text
    plan.parent.rmdir()
    await edited(made)
    assert "there is no such folder" in made.state.problems[0].text


async def test_what_cannot_be_used_everywhere_is_used_nowhere(plan: Path) -> None:
    made = await keeper(plan, refuses="the engine is ill")
    plan.write_text(PLAN.format(words="Two."))
    assert await made.reload() is ReloadOutcome.FAILED
    assert made.state.version == made.source.version == 1
    assert made.state.problems[0].text == "the engine is ill"


async def test_python_that_hangs_or_ends_the_process_is_a_problem_like_any_other(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await keeper(plan)
    monkeypatch.setattr(plan_check, "CHECK_LIMIT_S", 1.0)
    tool = 'tools = ["f"]\n[[tools]]\nname = "f"\npython = "t.py:f"\n'
    plan.write_text(PLAN.format(words="Two.") + tool)
    for source in ("while True:\n    pass\n", "import os\nos._exit(0)\n"):
        (plan.parent / "t.py").write_text(source)
        assert await made.reload() is ReloadOutcome.BROKEN
        assert "did not come to an end" in made.state.problems[0].text
    assert made.state.version == 1


async def test_a_check_that_hangs_is_given_up_for_the_edit_that_mends_it(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = await keeper(plan)
    monkeypatch.setattr(plan_check, "EDITED_LOOK_S", 0.05)
    monkeypatch.setattr(plan_check, "CHECK_LIMIT_S", 600.0)  # of no help here
    tool, begun = 'tools = ["f"]\n[[tools]]\nname = "f"\npython = "t.py:f"\n', plan.parent / "begun"
    file = plan.parent / "t.py"
    file.write_text(f"open({str(begun)!r}, 'x').close()\nwhile True:\n    pass\n")
    plan.write_text(PLAN.format(words="Two.") + tool)
    running = asyncio.get_running_loop().create_task(made.run(), name="plans")
    try:
        await until(begun.exists)
        file.write_text('def f() -> str:\n    """Say something."""\n    return ""\n')
        await until(lambda: made.state.version == 2)
        assert made.state.is_current
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_file_whose_name_is_no_text_is_a_problem_like_any_other(plan: Path) -> None:
    made = await keeper(plan)
    for name in (b"caf\xe9.wav", b"a\x1b[31m.wav"):
        odd = plan.parent / os.fsdecode(name)
        odd.touch()
        await edited(made)
        (problem,) = made.state.problems
        assert problem.text == "has a name that is no plain text"
        assert str(problem.file).isprintable()
        odd.unlink()
    await edited(made)
    assert (made.state.version, made.state.is_current) == (1, True)


async def test_a_fault_of_ours_is_told_and_the_next_edit_followed(
    plan: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise BlockingIOError(11, "no more processes")

    made = await keeper(plan)
    told = asyncio.Event()
    made.on_change = lambda _: told.set()
    running = asyncio.get_running_loop().create_task(made.run(), name="plans")
    try:
        with monkeypatch.context() as patch:
            patch.setattr(plan_keeper, "check_plans", fails)
            plan.write_text(PLAN.format(words="Two."))
            await told.wait()
            assert made.state.problems[0].text == "could not be followed: BlockingIOError"
        told.clear()
        plan.write_text(PLAN.format(words="Three."))
        await told.wait()
        assert (made.state.version, made.state.is_current) == (2, True)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_posted_files_are_checked_beside_those_that_are_there(plan: Path) -> None:
    made = await keeper(plan)
    other = PLAN.format(words="x").replace('"desk"', '"other"')
    assert not any(each.is_error for each in await made.check({"other.toml": other}))
    found = await made.check({"other.toml": PLAN.format(words="x")})
    assert any("name" in each.key and each.is_error for each in found)
    assert {each.name for each in plan.parent.iterdir()} == {"desk.toml"}
    assert made.state.version == 1


async def test_a_start_without_anything_that_can_be_used_says_what_is_wrong(plan: Path) -> None:
    plan.write_text("name = 7\n")
    with pytest.raises(DialplanError, match=r"desk.toml:1: name: must be text"):
        await keeper(plan)
