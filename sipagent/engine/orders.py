"""What whoever started the engine has it do: load another version of the scripts.

One JSON object per line on a socket: ``{"version", "folder"}`` comes, ``{"version", "problem"}``
is the answer, once the next session can be of that version.

| resource | acquired       | released       | on failure                       |
|----------|----------------|----------------|----------------------------------|
| socket   | ``take_orders`` | ``take_orders`` | the engine goes on without      |
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from pathlib import Path

from sipagent.errors import EngineError

from .brain.script import load_scripts
from .brain.scripts import Scripts
from .stt.pool import RecogniserPool

log = logging.getLogger(__name__)


async def take_orders(orders: socket.socket, scripts: Scripts, recognisers: RecogniserPool) -> None:
    """Serve until the other side is gone, or cancelled."""
    reader, writer = await asyncio.open_connection(sock=orders)
    try:
        while line := await reader.readline():
            order = json.loads(line)
            problem = await _loaded(order["version"], Path(order["folder"]), scripts, recognisers)
            writer.write(json.dumps({"version": order["version"], "problem": problem}).encode())
            writer.write(b"\n")
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def _loaded(version: str, folder: Path, scripts: Scripts, recognisers: RecogniserPool) -> str:
    """Load a version; return ``""``, or why it cannot be."""
    try:
        found = await asyncio.to_thread(load_scripts, folder)
        new = Scripts(found).phrases()
        await recognisers.learn({**scripts.phrases(), **new})
    except EngineError as error:
        return str(error)
    scripts.add(version, found)
    log.info("= scripts %s", version)
    return ""
