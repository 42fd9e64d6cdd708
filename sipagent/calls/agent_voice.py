"""Words said by the call's agent to somebody else than the caller: in a session of their own.

It goes to the same endpoint, with the same model and voice, and is over when the words are said.
What the caller's session is doing does not matter to it, and nothing of it is in that conversation.

| resource | acquired        | released                    | on failure   |
|----------|-----------------|-----------------------------|--------------|
| session  | the first piece | the last, or the generator's| it is raised |
|          |                 | ``aclose``                  |              |
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

from sipagent.agents.agent import RealtimeAgent
from sipagent.audio.formats import AudioFormat, Decoder
from sipagent.audio.frames import Pcm
from sipagent.errors import SessionError
from sipagent.realtime.endpoint import Endpoint
from sipagent.realtime.events import AudioDelta, Disconnected, ResponseDone
from sipagent.realtime.options import SessionOptions
from sipagent.realtime.session import RealtimeSession

from . import facts
from .session_run import CLOSE_LIMIT_S
from .setup import CallSetup

INSTRUCTIONS = """\
You speak to a colleague who has just answered the telephone. Say the words that you are given,
exactly as they are written and in their language: no greeting, nothing before, nothing after.
"""

SAID_EXACTLY = "Say exactly: {words}"
"""The embedded engine knows this form, too."""

RATE_HZ = AudioFormat.PCM24.rate_hz


async def agent_voice(
    setup: CallSetup, endpoint: Endpoint, words: str, tell: Callable[[facts.Fact], None]
) -> AsyncIterator[Pcm]:
    """Yield the sound of ``words`` at ``RATE_HZ``, as it is made: faster than it can be heard.

    Args:
        setup: Whose voice and model it is.
        endpoint: Where the model is.
        words: To be said.
        tell: Told what it cost.

    Raises:
        SessionError: If the session cannot be had, or ends before all was said.
    """
    agent = RealtimeAgent(setup.agent.name, instructions=INSTRUCTIONS, voice=setup.agent.voice)
    session = RealtimeSession(agent, _options(setup))
    decoder = Decoder(AudioFormat.PCM24, RATE_HZ)
    try:
        await session.connect(endpoint)
        await session.create_response(SAID_EXACTLY.format(words=words))
        async for event in session.events():
            match event:
                case AudioDelta(audio=audio):
                    yield decoder.decode(audio)
                case ResponseDone(status=status, usage=usage):
                    tell(facts.UsageReported(usage.input_tokens, usage.output_tokens))
                    if status != "completed":
                        raise SessionError(f"the response is {status}")
                    return
                case Disconnected(reason=reason):
                    raise SessionError(f"the session ended: {reason}")
                case _:
                    pass
    finally:
        await _close(session)


def _options(setup: CallSetup) -> SessionOptions:
    """Return a session that hears nobody."""
    wire = AudioFormat.PCM24.to_wire()
    return SessionOptions(
        input_format=wire,
        output_format=wire,
        model=str(setup.session.get("model") or ""),
        voice=setup.session.get("voice"),
        speed=setup.session.get("speed"),
        turn_detection=None,
        transcription=None,
    )


async def _close(session: RealtimeSession) -> None:
    try:
        async with asyncio.timeout(CLOSE_LIMIT_S):
            await session.close()
    except (TimeoutError, SessionError):
        pass  # it is of no use to anybody any more
