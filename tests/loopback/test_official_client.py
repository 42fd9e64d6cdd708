"""The official Python client against our engine, as anybody would use it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from openai import AsyncOpenAI, NotFoundError
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import (
    ResponseAudioDeltaEvent,
    ResponseAudioTranscriptDeltaEvent,
    ResponseDoneEvent,
)


@pytest.fixture
async def openai(engine: str) -> AsyncIterator[AsyncOpenAI]:
    """Yield a client that was only told where to go."""
    base = engine.replace("ws://", "http://").removesuffix("/realtime")
    async with AsyncOpenAI(api_key="any", base_url=base, max_retries=0) as client:
        yield client


@asynccontextmanager
async def joined(client: AsyncOpenAI) -> AsyncIterator[AsyncRealtimeConnection]:
    async with client.realtime.connect(model="gpt-realtime") as connection:
        assert (await connection.recv()).type == "session.created"
        yield connection


async def test_a_conversation_is_had(openai: AsyncOpenAI) -> None:
    async with joined(openai) as connection:
        await connection.session.update(session={"type": "realtime", "instructions": "Be brief."})
        content = [{"type": "input_text", "text": "say:Good morning."}]
        item = {"type": "message", "role": "user", "content": content}
        await connection.conversation.item.create(item=item)  # type: ignore[arg-type]
        await connection.response.create()
        said, audio, status = "", 0, None
        async for event in connection:
            match event:
                case ResponseAudioTranscriptDeltaEvent():
                    said += event.delta
                case ResponseAudioDeltaEvent():
                    audio += len(event.delta)
                case ResponseDoneEvent():
                    status = event.response.status
                    break
        assert said == "Good morning."
        assert audio > 10_000
        assert status == "completed"


async def test_a_client_secret_is_made_and_used(openai: AsyncOpenAI) -> None:
    secret = await openai.realtime.client_secrets.create(
        expires_after={"anchor": "created_at", "seconds": 60},
        session={"type": "realtime", "model": "gpt-realtime", "instructions": "Be brief."},
    )
    browser = openai.with_options(api_key=secret.value)
    async with browser.realtime.connect(model="gpt-realtime") as connection:
        created = await connection.recv()
        assert created.type == "session.created"
        assert created.session.instructions == "Be brief."  # type: ignore[union-attr]


async def test_what_is_not_there_is_told_as_the_client_expects(openai: AsyncOpenAI) -> None:
    with pytest.raises(NotFoundError) as caught:
        await openai.models.list()
    assert caught.value.code == "unknown_url"
