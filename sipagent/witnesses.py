"""Who is told of the calls of a process: the same ones whoever answered them.

| resource | acquired    | released | on failure                       |
|----------|-------------|----------|----------------------------------|
| store    | ``start``   | ``close``| rows wait, see ``ops.store``     |
| traces   | ``observer``| ``close``| spans are lost                   |
| flights  | ``observer``| ``close``| records are lost, and counted    |
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sipagent.calls.facts import Observer
from sipagent.config import Config
from sipagent.ops.call_stream import CallStream
from sipagent.ops.channel import Channel, FlightAsked
from sipagent.ops.clock import unix_time
from sipagent.ops.cost_metrics import CostObserver
from sipagent.ops.flight.desk import FlightDesk
from sipagent.ops.flight.recorder import Messages
from sipagent.ops.observers import call_observers
from sipagent.ops.records import BeginningOf, nothing_before
from sipagent.ops.store.call_store import CallStore
from sipagent.ops.traces import Traces


class Witnesses:
    """Make them, and end them.

    Args:
        config: Of the appliance.
        beginning_of: Returns what a process before this one had written of a call.
    """

    def __init__(self, config: Config, beginning_of: BeginningOf = nothing_before) -> None:
        self._config, self._beginning_of = config, beginning_of
        self._store = CallStore(
            config.store, config.prices, config.realtime.model, beginning_of=beginning_of
        )
        self._traces: Traces | None = None
        self._flights: FlightDesk | None = None

    def start(self) -> None:
        """Begin to write, before anything can be told."""
        self._store.start()

    def observer(
        self, channel: Channel, plans: Observer, messages: Messages, local: Callable[[], str]
    ) -> Observer:
        """Return all of them as one.

        Args:
            channel: To the supervisor.
            plans: Told as well: they are in use by calls.
            messages: SIP messages by Call-ID.
            local: Returns ``address:port`` of our SIP.
        """
        config, masks_numbers = self._config, self._config.store.mask_numbers
        self._traces = Traces(config.traces)
        self._flights = FlightDesk(
            config.flights, messages, local, channel.send, masks_numbers=masks_numbers
        )
        return call_observers(
            config.cdr.path,
            config.cdr.timeline_path,
            CallStream(channel, unix_time),
            self._traces,
            CostObserver(config.prices, config.realtime.model),
            plans,
            writers=[self._store.observer, self._flights],
            masks_numbers=masks_numbers,
            beginning_of=self._beginning_of,
        )

    def flight_asked(self, message: FlightAsked) -> None:
        """Have a flight record saved, as far as there are any."""
        if self._flights is not None:
            self._flights.asked(message)

    async def close(self) -> None:
        """End, after what was begun."""
        if self._traces is not None:
            await asyncio.to_thread(self._traces.close)
        if self._flights is not None:
            self._flights.close()
        await self._store.close()
