"""Flight records by the admin API: a zip of all that happened on a call.

A record that is saved is read from its file; of a call that goes on, or has just ended, the process
that had it is asked to save it now.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Hashable
from pathlib import Path
from typing import IO

from aiohttp import web

from sipagent.errors import SipAgentError

from .api_guard import error_response
from .api_routes import Answer, Route
from .api_shapes import Error
from .asking import Asking, NotAnswered
from .channel import Closed, FlightAnswered, FlightAsked, Message
from .flight.bundle import flight_zip
from .flight.record import flight_path, read_flight

log = logging.getLogger(__name__)

CHUNK_BYTES = 256 * 1024


class FlightsApi:
    """Serve ``/api/v1/calls/{call_id}/flight``.

    Args:
        folder: Of the records.
        recordings: Folder of the recordings.
        is_live: Tells whether a call goes on.
        send: Tells a process something.
    """

    def __init__(
        self,
        folder: Path,
        recordings: Path,
        is_live: Callable[[str], bool],
        send: Callable[[Hashable, Message], None],
    ) -> None:
        self._folder, self._recordings, self._is_live = folder, recordings, is_live
        self._sources: set[Hashable] = set()
        """The processes with calls: who has been heard, and is not gone."""
        self._asking = Asking(send)

    def table(self) -> list[Route]:
        """Return what is served."""
        return [
            Route(
                *("GET", "/calls/{call_id}/flight", self.serve, "All that happened on a call."),
                {
                    200: Answer("The page, transcript, SIP and sound.", None, "application/zip"),
                    404: Answer("There is no record of such a call.", Error),
                    500: Answer("The record cannot be read, or the zip not be made.", Error),
                },
            )
        ]

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process says."""
        self._sources.add(source)
        match message:
            case FlightAnswered(request_id, is_saved):
                self._asking.answered(request_id, is_saved)
            case Closed():
                self._asking.gone(source)
                self._sources.discard(source)
            case _:
                pass

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Send the zip."""
        call_id = request.match_info["call_id"]
        try:
            path = flight_path(self._folder, call_id)
            if self._is_live(call_id) or not path.exists():
                await self._have_saved(call_id)
            file = await asyncio.to_thread(self._zip, path)
        except FileNotFoundError:
            return error_response(404, "there is no flight record of such a call")
        except SipAgentError as error:
            return error_response(404 if "call id" in str(error) else 500, str(error))
        except OSError as error:
            log.error("call=%s ! its zip cannot be made: %s", call_id, error.strerror)
            return error_response(500, "there is no room for the zip, or a file cannot be read")
        headers = {"Content-Disposition": f'attachment; filename="sipagent-{call_id}.zip"'}
        response = web.StreamResponse(headers=headers)
        response.content_type = "application/zip"
        try:
            await response.prepare(request)
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                await response.write(chunk)
            await response.write_eof()
        finally:
            file.close()
        return response

    async def _have_saved(self, call_id: str) -> None:
        for source in tuple(self._sources):
            request_id = secrets.token_hex(8)
            try:
                if await self._asking.ask(source, request_id, FlightAsked(request_id, call_id)):
                    return
            except NotAnswered:
                continue  # what there is on disk is all there is

    def _zip(self, path: Path) -> IO[bytes]:
        return flight_zip(read_flight(path), self._recordings)
