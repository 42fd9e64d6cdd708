"""``sipagent dial``: where it asks, and what its exit status says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sipagent.calls.termination import Reason
from sipagent.config import Config
from sipagent.dial_command import STATUSES, exit_status, place
from sipagent.errors import SipAgentError
from tests.ops.served import served_api

from .test_commands import run


def config(**http: object) -> Config:
    return Config.model_validate({"http": http})


@pytest.mark.parametrize(
    ("result", "reason", "status"),
    [
        ("completed", "callee_hung_up", 0),
        ("completed", "message_left", 0),
        ("unanswered", "callee_busy", 3),
        ("unanswered", "ring_timeout", 4),
        ("completed", "machine_answered", 7),
        ("failed", "session_lost", 8),
    ],
)
def test_the_exit_status_says_what_became_of_the_call(
    result: str, reason: str, status: int
) -> None:
    assert exit_status({"result": result, "reason": reason}) == status


def test_every_reason_with_a_status_is_one() -> None:
    assert set(STATUSES) <= {each.value for each in Reason}


def test_a_variable_without_a_value_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sipagent.toml"
    file.write_text("[http]\nport = 9\n")
    done = run("dial", "+49301", "--plan", "p", "--variable", "name", "-c", str(file))
    assert isinstance(done.exception, SipAgentError)
    assert "not a variable" in str(done.exception)


def test_an_appliance_that_does_not_run_is_named(tmp_path: Path) -> None:
    file = tmp_path / "sipagent.toml"
    file.write_text("[http]\nport = 9\n")
    done = run("dial", "+49301", "--plan", "p", "-c", str(file))
    assert isinstance(done.exception, SipAgentError)
    assert "http://127.0.0.1:9 cannot be asked" in str(done.exception)


async def test_what_the_guard_refuses_is_said_in_its_words(tmp_path: Path) -> None:
    async with served_api(tmp_path) as running:
        with pytest.raises(SipAgentError, match="403: emergency numbers are never called"):
            await place(
                config(port=running.port),
                "112",
                plan="desk",
                trunk="",
                caller_id=None,
                ring_s=None,
                variables=[],
                waits=True,
            )
