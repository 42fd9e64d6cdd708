"""Recognisers that start, and some that do not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sipagent.audio.frames import Pcm, silence
from sipagent.engine.stt import pool
from sipagent.engine.stt.pool import RecogniserPool
from sipagent.errors import EngineError


async def test_words_that_nobody_can_say_are_named_and_the_rest_is_recognised(
    caplog: pytest.LogCaptureFixture,
) -> None:
    recognisers = RecogniserPool(1, {"desk": ["zzqqx", "hello"], "odd": ["xqzzq"]})
    await recognisers.start()
    try:
        assert recognisers.knows("desk") and recognisers.knows("odd")
    finally:
        await recognisers.close()
    (record,) = caplog.records
    assert record.getMessage() == "no pronunciation for xqzzq, zzqqx"


async def test_other_words_are_learnt_while_it_runs() -> None:
    recognisers = RecogniserPool(1, {})
    await recognisers.start()
    try:
        await recognisers.learn({"desk": ["hello"]})
        assert recognisers.knows("desk")
        await recognisers.learn({"desk": ["hello"], "night": ["good night"]})
        assert recognisers.knows("night")
        assert await recognisers.recognise("night", silent()) == ""
        await recognisers.learn({"night": ["good night"]})
        assert recognisers.knows("desk")  # nothing new: nothing is started for it
    finally:
        await recognisers.close()


async def silent() -> AsyncIterator[Pcm]:
    """Return an utterance of nobody."""
    yield silence(800)


async def test_a_recogniser_that_is_slow_to_start_is_not_blamed_on_the_installation(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "START_LIMIT_S", 0.0)
    recognisers = RecogniserPool(1, {"desk": ["hello"]})
    try:
        with pytest.raises(EngineError, match=r"did not start within 0 s"):
            await recognisers.start()
    finally:
        await recognisers.close()
