"""MCP servers of a call: there while it lasts, and no call is lost to a dead one."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sipagent.agents.agent import RealtimeAgent
from sipagent.calls import facts
from sipagent.calls.controller import CallPolicy
from sipagent.calls.mcp_setup import McpSetup, mcp_setup
from sipagent.dialplan.models import Dialplan
from sipagent.dialplan.plans import Plan
from sipagent.dialplan.secrets import Secrets
from sipagent.operator_acts import DONE, HandOver
from tests.agents.mcp_library import Library, over_http
from tests.realtime.playbook import function_call

from .attached import entry, provider
from .talk import call_setup
from .test_operator import wants
from .test_transferring import talking

PATIENT = CallPolicy(ready_within_s=30.0)
"""A process of Python takes a while to start, on a machine that has other things to do."""

PROGRAM = Path(__file__).parents[1] / "agents" / "mcp_library.py"


@pytest.fixture
def library() -> Iterator[str]:
    with over_http(Library()) as port:
        yield f"http://127.0.0.1:{port}/mcp"


def servers(folder: Path, **table: Any) -> McpSetup:
    """Return the servers of a plan whose agent Ada has one, called books."""
    dialplan = Dialplan.model_validate(
        {
            "name": "desk",
            "agents": [{"name": "Ada", "instructions": "x", "mcp": ["books"]}],
            "mcp": [{"name": "books", "connect_s": 20.0, **table}],
        }
    )
    return mcp_setup(Plan(folder / "desk.toml", dialplan, {}, secrets=Secrets({"DESK": "t0p"})))


def agents() -> RealtimeAgent:
    first, second = RealtimeAgent("Ada"), RealtimeAgent("Ben")
    first.handoffs, second.handoffs = [second], [first]
    return first


async def test_an_agent_has_the_tools_of_its_server_and_no_others(
    tmp_path: Path, library: str
) -> None:
    mcp = servers(
        tmp_path,
        url=library,
        allow=("find_book", "surroundings"),
        headers={"X-Desk": "{{secret:DESK}}"},
    )
    async with talking(tmp_path, agent=agents(), mcp=mcp, policy=PATIENT) as running:
        (update,) = await running.endpoint.has_received("session.update")
        names = [tool["name"] for tool in update["session"]["tools"]]
        assert names == ["find_book", "surroundings", "transfer_to_ben"]
        await running.calls(function_call("find_book", "call_1", arguments='{"title": "Emma"}'))
        assert await running.outputs() == ["Emma is on shelf 7"]
        again = function_call("surroundings", "call_2", response_id="resp_2")
        await running.calls(again, response_id="resp_2")
        assert '"desk":"t0p"' in (await running.outputs(2))[1].replace(" ", "")


async def test_an_agent_that_only_an_operator_lets_speak_has_its_server(
    tmp_path: Path, library: str
) -> None:
    setup = {"agent": RealtimeAgent("Ben"), "others": (RealtimeAgent("Ada"),), "policy": PATIENT}
    mcp = servers(tmp_path, url=library, allow=("find_book",))
    async with talking(tmp_path, mcp=mcp, **setup) as running:
        assert await wants(running, HandOver("Ada")) == DONE
        _, update = await running.endpoint.has_received("session.update", 2)
        assert [tool["name"] for tool in update["session"]["tools"]] == ["find_book"]


async def test_a_tool_of_a_server_may_need_a_persons_word(tmp_path: Path, library: str) -> None:
    mcp = servers(tmp_path, url=library, needs_approval=("lend",))
    async with talking(tmp_path, agent=agents(), mcp=mcp, policy=PATIENT) as running:
        await running.calls(function_call("lend", "call_1", arguments='{"title": "Emma"}'))
        assert await running.outputs() == ["Nobody can be asked to approve lend."]


async def test_a_program_is_the_calls_own_and_ends_with_it(tmp_path: Path) -> None:
    mcp = servers(
        tmp_path, command=sys.executable, args=(str(PROGRAM),), env={"BRANCH": "{{secret:DESK}}"}
    )
    async with talking(tmp_path, agent=agents(), mcp=mcp, policy=PATIENT) as running:
        await running.calls(function_call("surroundings", "call_1"))
        (told,) = await running.outputs()
        said = told.replace(" ", "")
        assert '"branch":"t0p"' in said and str(tmp_path) in told
        pid = int(said.partition('"pid":')[2].partition(",")[0])
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize("kind", ["refused", "silent", "no program"])
async def test_a_dead_server_costs_its_tools_and_not_the_call(tmp_path: Path, kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        if kind == "refused":
            listening.close()
        table: dict[str, Any] = {"url": f"http://127.0.0.1:{port}/mcp", "connect_s": 0.2}
        if kind == "no program":
            table = {"command": "/none/such"}
        async with talking(tmp_path, agent=agents(), mcp=servers(tmp_path, **table)) as running:
            (update,) = await running.endpoint.has_received("session.update")
            assert [tool["name"] for tool in update["session"]["tools"]] == ["transfer_to_ben"]
            error = await running.told.until(facts.ErrorReported)
            assert (error.code, error.fatal) == ("mcp_unavailable", False)
            assert error.message.startswith("books: ")


async def test_attached_calls_have_servers_too(tmp_path: Path, library: str) -> None:
    setup = call_setup(agent=agents(), mcp=servers(tmp_path, url=library, allow=("find_book",)))
    async with provider(entry(), route=lambda _: setup) as running:
        await running.desk.look()
        _, _, session = await running.connector.until("accept")
        names = [tool["name"] for tool in session["tools"]]
        assert names == ["find_book", "transfer_to_ben"]
