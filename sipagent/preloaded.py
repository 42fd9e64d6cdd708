"""What the fork server has loaded: all that a process with calls needs, but for pjsua2."""

from __future__ import annotations

from importlib import import_module

from .loading import loading

NAMES = (
    *("numpy", "orjson", "pydantic", "websockets.asyncio.client", "prometheus_client"),
    "dns.asyncresolver",
    *("sipagent.check", "sipagent.ops.database", "sipagent.ops.store.tables"),
    "sipagent.realtime.session",
)

with loading():
    for _name in NAMES:
        import_module(_name)
