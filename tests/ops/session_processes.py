"""What other processes do to sessions: ``python -m tests.ops.session_processes WHAT URL``."""

from __future__ import annotations

import asyncio
import resource
import sys

from sipagent.errors import JournalError
from sipagent.ops.session_store import SessionStore

from .store_processes import say

ROUNDS = 15


async def race(url: str) -> None:
    """Open when told to, add pairs of items to a session, then pop as many as there are."""
    say("ready")
    name = (await asyncio.to_thread(sys.stdin.readline)).strip()
    store = SessionStore(url)
    await store.open()
    session = store.session("s")
    for number in range(ROUNDS):
        await session.add([{"id": f"{name}{number}", "half": half} for half in (0, 1)])
    say("added")
    await asyncio.to_thread(sys.stdin.readline)
    popped = 0
    while await session.pop() is not None:
        popped += 1
    await store.close()
    say(str(popped))


async def hold(url: str) -> None:
    """Add to a session, and never close."""
    store = SessionStore(url)
    await store.open()
    await store.session("s").add([{"id": "1"}, {"id": "2"}])
    say("written")
    await asyncio.to_thread(sys.stdin.readline)


async def fill(url: str) -> None:
    """Add until there is no room, then once more when there is some."""
    store = SessionStore(url)
    await store.open()
    session = store.session("s")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (96 * 1024, most))
    try:
        for number in range(10):
            await session.add([{"id": number, "text": "x" * 20_000}, {"id": number}])
        say("never full")
    except JournalError as error:
        say(f"full at {number}: {error}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    await session.add([{"id": "last"}])
    say(f"then {len(await session.items())} of {2 * number + 1}")
    await store.close()


if __name__ == "__main__":
    asyncio.run({"race": race, "hold": hold, "fill": fill}[sys.argv[1]](sys.argv[2]))
