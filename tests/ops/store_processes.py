"""What other processes do to a store: ``python -m tests.ops.store_processes WHAT URL``."""

from __future__ import annotations

import asyncio
import resource
import sys

from sipagent.errors import JournalError
from sipagent.ops.attach_store import AttachStore
from sipagent.wire.webhook import IncomingCall

CALLS = 25


def incoming(realtime_call_id: str, *headers: tuple[str, str]) -> IncomingCall:
    """Return a call."""
    return IncomingCall("evt_1", 1_700_000_000, realtime_call_id, headers)


def say(line: str) -> None:
    """Tell the test."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def race(url: str) -> None:
    """Open when told to, add the same webhooks as everybody else, tell how many were new."""
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    store = AttachStore(url)
    await store.open()
    won = 0
    for number in range(CALLS):
        call = incoming(f"rtc_{number}")
        won += await store.add_webhook(f"wh_{number}", call, received_at=number)
    await store.close()
    say(str(won))


async def hold(url: str) -> None:
    """Write down what a call is, and never close."""
    store = AttachStore(url)
    await store.open()
    await store.add_webhook("wh_1", incoming("rtc_1", ("From", "a")), received_at=1.0)
    await store.accepted("rtc_1", call_id="c1", plan="desk")
    await store.save("rtc_1", agent="Ada", history=[{"id": "item_1"}])
    say("written")
    await asyncio.to_thread(sys.stdin.readline)


async def fill(url: str) -> None:
    """Write until there is no room, then once more when there is some."""
    store = AttachStore(url)
    await store.open()
    await store.add_webhook("wh_0", incoming("rtc_0"), received_at=0.0)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (96 * 1024, most))
    big = ("X-Big", "x" * 40_000)
    try:
        for number in range(1, 10):
            await store.add_webhook(f"wh_{number}", incoming(f"rtc_{number}", big), received_at=1.0)
        say("never full")
    except JournalError as error:
        say(f"full at {number}: {error}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    is_new = await store.add_webhook(f"wh_{number}", incoming(f"rtc_{number}"), received_at=2.0)
    say(f"then {is_new}, {len(await store.waiting())} of {number + 1}")
    await store.close()


if __name__ == "__main__":
    asyncio.run({"race": race, "hold": hold, "fill": fill}[sys.argv[1]](sys.argv[2]))
