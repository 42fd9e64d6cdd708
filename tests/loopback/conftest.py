"""The engine on a real socket, with its real voice and its real recognition."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

import pytest

from sipagent.engine.server import PATH, run_engine
from sipagent.engine.settings import EngineSettings

MAX_SESSIONS = 6
NOW = 1_700_000_000

SCRIPT = """
[slots]
day = ["monday", "saturday", "sunday"]

[[rules]]
heard = ["[thank you] goodbye"]
say = "Goodbye!"

[[agents]]
name = "Reception"
greeting = "Reception here."
otherwise = ["Sorry?"]
[[agents.rules]]
heard = ["what are your opening hours [on $day]", "when are you open [on $day]"]
call = "opening_hours"
arguments = { day = "$day" }
after = "We are open {output}."
[[agents.rules]]
heard = ["[i have] a question about my (invoice|bill)"]
call = "transfer_to_billing"

[[agents]]
name = "Billing"
greeting = "Billing here."
otherwise = ["Which invoice?"]
"""


@contextmanager
def running_engine(settings: EngineSettings) -> Iterator[str]:
    """Run an engine on a loop of its own, so that tests share it; yield its URL."""
    ready: Future[int] = Future()
    loop = asyncio.new_event_loop()
    engine = loop.create_task(
        run_engine(settings, clock=lambda: NOW, on_ready=ready.set_result), name="engine"
    )
    engine.add_done_callback(lambda _: ready.cancel() or loop.stop())
    thread = Thread(target=loop.run_forever, name="engine")
    thread.start()
    try:
        yield f"ws://{settings.host}:{ready.result(timeout=30)}{PATH}"
    finally:
        loop.call_soon_threadsafe(engine.cancel)
        thread.join(timeout=10)
        loop.close()
    assert engine.cancelled(), engine.exception()


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the URL of the one engine all tests share."""
    folder = tmp_path_factory.mktemp("scripts")
    (folder / "desk.script.toml").write_text(SCRIPT)
    settings = EngineSettings(scripts_dir=folder, recognisers=1, max_sessions=MAX_SESSIONS)
    with running_engine(settings) as url:
        yield url


@pytest.fixture(autouse=True)
def _nothing_failed_unseen(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail if the engine logged an error: its client only sees a socket that closes."""
    yield
    errors = [each for each in caplog.get_records("call") if each.levelno >= logging.ERROR]
    assert not errors, [each.getMessage() for each in errors]
