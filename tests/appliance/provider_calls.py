"""A provider whose calls the appliance attaches to, and somebody else's control socket of one."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from websockets.asyncio.client import ClientConnection, connect

from benchmarks.provider import SECRET, Provider, SignedWebhook, signed_webhook
from benchmarks.quiet_leg import QuietLeg
from sipagent.ops.attach_store import AttachStore
from sipagent.ops.clock import unix_time
from tests.ports import appliance_ports

from .appliance import Appliance, appliance

PLAN = """
name = "desk"
[match]
called = "desk"
[session]
greeting = "Greet."
script = "desk"
[[agents]]
name = "Reception"
instructions = "Help."
tools = ["hangup", "transfer_call", "delegate"]
handoffs = ["Billing"]
[[agents]]
name = "Billing"
instructions = "Bills."
tools = ["clock", "search"]
[[tools]]
name = "clock"
python = "tools.py:clock"
[[tools]]
name = "search"
python = "tools.py:search"
[backend]
name = "Back office"
model = "gpt-4.1"
instructions = "Decide."
transport = "websocket"
[transfer]
targets = { operator = "sip:operator@127.0.0.1:5998" }
"""

FULL = """
name = "closed"
[match]
called = "closed"
[refuse]
status = 480
"""

ELSEWHERE = """
name = "elsewhere"
[match]
called = "elsewhere"
[refer]
target_uri = "tel:+4930999"
"""

TOOLS = '''
import asyncio


async def clock() -> str:
    """Tell the time."""
    return "noon"


async def search() -> str:
    """Take longer than anybody waits."""
    await asyncio.sleep(600)
    return "found"
'''

SCRIPT = """
[[agents]]
name = "Reception"
greeting = "Good day."
otherwise = ["Yes?"]
[[agents]]
name = "Billing"
greeting = "Billing here."
otherwise = ["Which bill?"]
"""

CONFIG = """
[sip]
bind = "127.0.0.1"
port = 0
rtp_ports = [{first}, {last}]
[realtime]
url = "{url}"
scripts = true
[dialplans]
path = "plans"
[http]
port = {http_port}
[webhooks]
secrets = ["{secret}"]
[attach]
max_calls = {max_calls}
on_stop = "{on_stop}"
[cdr]
path = "calls.jsonl"
timeline_path = "timeline.jsonl"
"""

LIMIT_S = 20.0


class Observer:
    """Another control socket of a call: hears everything, and may say something."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.events: list[dict[str, Any]] = []
        self._read = 0

    async def until(self, kind: str, *words: str) -> dict[str, Any]:
        """Return the next event of a type that has these words in it."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                while self._read < len(self.events):
                    event = self.events[self._read]
                    self._read += 1
                    text = orjson.dumps(event).decode()
                    if event["type"] == kind and all(word in text for word in words):
                        return event
                self.events.append(orjson.loads(await self._socket.recv()))

    async def say(self, text: str) -> None:
        """Say something as the caller would, and want an answer."""
        content = [{"type": "input_text", "text": text}]
        item = {"type": "message", "role": "user", "content": content}
        for event in ({"type": "conversation.item.create", "item": item}, RESPOND):
            await self._socket.send(orjson.dumps(event).decode())


RESPOND = {"type": "response.create"}


class ProviderCalls:
    """The provider, and how the appliance hears of its calls."""

    def __init__(self, folder: Path, provider: Provider) -> None:
        self.folder, self.provider = folder, provider
        self.webhook_url = ""
        self._calls = 0

    def new_leg(self, called: str = "desk") -> tuple[QuietLeg, str]:
        """Return a caller who waits, and the call's id."""
        self._calls += 1
        leg = QuietLeg(self._calls, called=called)
        return leg, self.provider.calls.incoming(leg)

    async def announce(
        self, leg: QuietLeg, realtime_call_id: str, *, webhook_id: str = "", secret: str = SECRET
    ) -> int:
        """Tell of a call; return the status of the answer."""
        now = unix_time()
        webhook = signed_webhook(
            leg, realtime_call_id, now=now, webhook_id=webhook_id, secret=secret
        )
        return await self.post(webhook)

    async def post(self, webhook: SignedWebhook) -> int:
        """Post a webhook; return the status of the answer."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(self.webhook_url, data=webhook.body, headers=webhook.headers) as answer,
        ):
            return answer.status

    async def decided(self, realtime_call_id: str) -> None:
        """Wait until the appliance has decided."""
        async with asyncio.timeout(LIMIT_S):
            await self.provider.calls.decided(realtime_call_id)

    async def greeted(self, realtime_call_id: str) -> None:
        """Wait until an agent has greeted the caller.

        The timeline keeps that; whoever attaches to the call may come too late to hear of it.
        """
        timeline = self.folder / "timeline.jsonl"
        async with asyncio.timeout(LIMIT_S):
            while True:
                lines = timeline.read_bytes().splitlines() if timeline.exists() else []
                facts = [orjson.loads(line) for line in lines]
                call_ids = {
                    fact["call_id"]
                    for fact in facts
                    if fact.get("realtime_call_id") == realtime_call_id
                }
                if any(f["fact"] == "AgentSaid" and f["call_id"] in call_ids for f in facts):
                    return
                await asyncio.sleep(0.02)

    async def has_journaled(self, words: str) -> None:
        """Wait until the history of some call, as the journal has it, has these words."""
        journal = AttachStore(f"sqlite:///{self.folder / 'sipagent.db'}")
        await journal.open()
        try:
            async with asyncio.timeout(LIMIT_S):
                while words not in str([each.history for each in await journal.alive()]):
                    await asyncio.sleep(0.02)
        finally:
            await journal.close()

    @asynccontextmanager
    async def observing(self, realtime_call_id: str) -> AsyncIterator[Observer]:
        """Attach to a call beside the appliance."""
        url = f"{self.provider.url}?call_id={realtime_call_id}"
        async with connect(url, proxy=None) as socket:
            yield Observer(socket)

    def write(self, *, max_calls: int = 50, on_stop: str = "hang_up") -> Path:
        """Write configuration and plans; return the configuration file."""
        plans = self.folder / "plans"
        plans.mkdir(exist_ok=True)
        for name, text in (("desk", PLAN), ("closed", FULL), ("elsewhere", ELSEWHERE)):
            (plans / f"{name}.toml").write_text(text)
        (plans / "tools.py").write_text(TOOLS)
        (plans / "desk.script.toml").write_text(SCRIPT)
        first, last = appliance_ports()
        http_port = free_tcp_port()
        config = self.folder / "sipagent.toml"
        config.write_text(
            CONFIG.format(
                first=first,
                last=last,
                url=self.provider.url,
                http_port=http_port,
                secret=SECRET,
                max_calls=max_calls,
                on_stop=on_stop,
            )
        )
        self.webhook_url = f"http://127.0.0.1:{http_port}/webhooks/openai"
        return config


def free_tcp_port() -> int:
    """Return a port that nobody listens on, below those that systems give away themselves.

    The appliance must have the same one after a restart.
    """
    while True:
        port = random.randrange(12_000, 20_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


@asynccontextmanager
async def provider_calls(folder: Path) -> AsyncIterator[ProviderCalls]:
    """Run a provider until the end of the block."""
    scripts = folder / "scripts"
    scripts.mkdir()
    (scripts / "desk.script.toml").write_text(SCRIPT)
    provider = Provider()
    async with provider.run(scripts):
        yield ProviderCalls(folder, provider)


@asynccontextmanager
async def attached_appliance(calls: ProviderCalls, **settings: Any) -> AsyncIterator[Appliance]:
    """Run an appliance that attaches to the provider's calls."""
    async with appliance(calls.folder, config=calls.write(**settings)) as running:
        yield running


async def taken(calls: ProviderCalls) -> tuple[QuietLeg, str]:
    """Return a call that the appliance accepted."""
    leg, realtime_call_id = calls.new_leg()
    assert await calls.announce(leg, realtime_call_id) == 200
    await calls.decided(realtime_call_id)
    return leg, realtime_call_id


async def greeted(calls: ProviderCalls) -> tuple[QuietLeg, str]:
    """Return a call whose caller an agent has greeted."""
    leg, realtime_call_id = await taken(calls)
    await calls.greeted(realtime_call_id)
    return leg, realtime_call_id


async def until_ready_says(running: Appliance, words: str) -> None:
    """Wait until ``/readyz`` says something."""
    async with asyncio.timeout(15):
        while words not in (await running.get("/readyz"))[1]:
            await asyncio.sleep(0.05)
