"""A caller: one SIP dialog and its RTP, from INVITE to BYE."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from .rtp import Address, RtpEnd
from .user_agent import UserAgent

ANSWER_LIMIT_S = 10.0
BYE_LIMIT_S = 2.0


class Caller:
    """A call that is up.

    Args:
        agent: Its signalling.
        media: Its audio.
    """

    def __init__(self, agent: UserAgent, media: RtpEnd) -> None:
        self.agent, self.media = agent, media


@asynccontextmanager
async def calling(
    target: Address, source: Callable[[int], bytes], *, phase_s: float = 0.0
) -> AsyncIterator[Caller]:
    """Call ``target``, talk while the context lasts, hang up.

    Raises:
        CallRefused: If the call is not answered.
        TimeoutError: If nobody answers in time.
    """
    agent = UserAgent(target)
    await agent.open()
    media = RtpEnd(source, phase_s=phase_s)
    sending: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(ANSWER_LIMIT_S):
            callee = await agent.invite(media.port)
        sending = asyncio.get_running_loop().create_task(media.send(callee), name="rtp")
        yield Caller(agent, media)
    finally:
        if sending is not None:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            await _hang_up(agent)
        media.close()
        agent.close()


async def _hang_up(agent: UserAgent) -> None:
    try:
        async with asyncio.timeout(BYE_LIMIT_S):
            await agent.bye()
    except TimeoutError:
        pass  # it is gone; the socket is closed either way
