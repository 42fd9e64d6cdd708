"""Turns that are written while they are being said."""

from __future__ import annotations

import random

from sqlalchemy import Engine

from sipagent.calls import facts
from sipagent.ops.past_call import past_turns
from sipagent.ops.store.call_json import Json, record_of
from sipagent.ops.store.call_text import call_lines
from sipagent.ops.store.reading import read_calls
from tests.ops.script import CALL

from .stores import rows_of, write

BEGUN: list[facts.Fact] = [
    CALL[0],
    facts.AgentSoundStarted("a", "Reception", 700),
    facts.AgentSaidSoFar("a", "Reception", "one two", "one", 900),
    facts.AgentSaidSoFar("a", "Reception", "one two three", "one two", 1_900),
    facts.CallerSaidSoFar("c", "My na"),
]
OVER: list[facts.Fact] = [
    *BEGUN,
    facts.CallerSaid("c", "My name is Ada."),
    facts.AgentSaid("a", "Reception", "one two three", "one two three", 2_800, False),
]
FINISHED = [
    {
        "who": "Reception",
        "said": "one two three",
        "heard": "one two three",
        "heard_ms": 2_800,
        "interrupted": False,
        "gap_ms": 700,
        "at_ms": 100,
    },
    {"who": "caller", "said": "My name is Ada.", "at_ms": 400},
]


def stored(engine: Engine) -> Json:
    with engine.connect() as connection:
        (call,) = read_calls(connection, ["c1"])
    return call


def test_what_was_said_and_heard_so_far_is_there_and_marked(engine: Engine) -> None:
    write(engine, *rows_of("c1", BEGUN))
    call = stored(engine)
    unfinished = {"unfinished": True}
    agent = {"said": "one two three", "heard": "one two", "heard_ms": 1_900, "gap_ms": 700}
    assert call["turns"] == [
        {"who": "Reception", **agent, "interrupted": False, **unfinished, "at_ms": 100},
        {"who": "caller", "said": "My na", **unfinished, "at_ms": 400},
    ]
    assert all(turn["unfinished"] for turn in record_of(call)["turns"])
    assert [turn["unfinished"] for turn in past_turns(call)] == [True, True]
    lines = list(call_lines(call))
    assert lines[-2].endswith("Reception: one two -- (cut off)")
    assert lines[-1].endswith("caller: My na -- (cut off)")


def test_a_turn_that_ends_takes_the_place_of_what_was_told_of_it_before(engine: Engine) -> None:
    write(engine, *rows_of("c1", OVER))
    call = stored(engine)
    assert call["turns"] == FINISHED
    assert not any("unfinished" in turn for turn in record_of(call)["turns"])


def test_what_is_written_again_in_any_order_never_takes_the_place_of_an_end(
    engine: Engine,
) -> None:
    writes = rows_of("c1", OVER)
    write(engine, *writes)
    again = [each for each in writes if each.table == "turns"]
    random.Random(1).shuffle(again)
    write(engine, *again)
    assert stored(engine)["turns"] == FINISHED
