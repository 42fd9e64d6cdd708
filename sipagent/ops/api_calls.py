"""Calls by the admin API: placed, looked at while they last, ended.

The guard is asked here; whether there are such a plan, such a trunk and a free call is known to the
process with the line.
"""

from __future__ import annotations

import asyncio
import logging
import re
import secrets
from collections.abc import Callable, Hashable
from typing import Annotated

from aiohttp import web
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from sipagent.dialplan.model import PlanName
from sipagent.dialplan.outgoing import CallerId, RingSeconds
from sipagent.errors import JournalError
from sipagent.masking import masked_number
from sipagent.operator_acts import HangUp

from .api_guard import about_call, error_response, read_body
from .api_operator import OperatorApi
from .api_past import QUERY, PastCalls
from .api_routes import V1, Answer, Route
from .api_shapes import Calls, Error, WholeCall
from .asking import Asking, NotAnswered
from .channel import (
    Closed,
    DialAnswered,
    DialAsked,
    FactsTold,
    Message,
    OperatorAnswered,
    OperatorAsked,
)
from .clock import unix_time
from .dial_counts import DialCounts
from .dial_guard import DialGuard, Refused, Why
from .dialled import Destination, destination
from .live_calls import LiveCalls
from .settings import DialSettings

log = logging.getLogger(__name__)

CALLS = "/calls"

_STATUS = {Why.MAX_CALLS: 503, Why.PER_MINUTE: 429, Why.SAME_NUMBER: 429}
"""Every other refusal is 403."""

_OUTCOMES = {202: "placed", 404: "unknown"}


def _header_name(name: str) -> str:
    if not re.fullmatch(r"(X-[A-Za-z0-9-]{1,62}|User-to-User|Subject)", name, re.IGNORECASE):
        raise ValueError("must begin with X-, or be User-to-User or Subject")
    return name


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("must be printable, on one line")
    return text


HeaderName = Annotated[str, AfterValidator(_header_name)]
HeaderValue = Annotated[str, Field(max_length=512), AfterValidator(_one_line)]
VariableName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,63}$")]
VariableValue = Annotated[str, Field(max_length=2_000)]


class CallWanted(BaseModel):
    """The body of a wish for a call."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    to: Annotated[str, Field(max_length=256)]
    plan: PlanName
    trunk: Annotated[str, Field(max_length=64)] = ""
    caller_id: CallerId | None = None
    ring_s: RingSeconds | None = None
    headers: Annotated[dict[HeaderName, HeaderValue], Field(max_length=20)] = {}
    variables: Annotated[dict[VariableName, VariableValue], Field(max_length=50)] = {}


class CallsApi:
    """Serve ``/api/v1/calls``.

    Args:
        settings: ``[dial]``.
        guard: Of it.
        send: Tells the process with the line.
        source: What the process with the line is known as.
        live: Calls that are not over.
        past: Those that are.
    """

    def __init__(
        self,
        settings: DialSettings,
        guard: DialGuard,
        send: Callable[[Hashable, Message], None],
        source: Hashable,
        live: LiveCalls,
        past: PastCalls,
    ) -> None:
        self._settings, self._guard = settings, guard
        self._send, self._source = send, source
        self._asking = Asking(send)
        self.live, self.past = live, past
        self.counts = DialCounts()
        self.operator = OperatorApi(self.live, self._asking, guard, settings.country_code)

    def table(self) -> list[Route]:
        """Return what is served."""
        placed = {
            202: Answer("It is being placed.", WholeCall),
            400: Answer("The body says what is wrong.", Error),
            403: Answer("Not with this token, or nobody may call there.", Error),
            404: Answer("There is no such plan or trunk.", Error),
            429: Answer("Too many calls, or too many wrong tokens; see Retry-After.", Error),
            503: Answer("No call is free, or the process with the line does not answer.", Error),
        }
        return [
            Route(
                *("GET", CALLS, self.list, "The calls there are, or were."),
                {
                    200: Answer("Live ones oldest first, past ones newest first.", Calls),
                    400: Answer("What is asked cannot be read.", Error),
                    503: Answer("The store does not answer.", Error),
                },
                query=QUERY,
            ),
            Route(*("POST", CALLS, self.place, "Place a call."), placed, CallWanted),
            Route(
                *("GET", CALLS + "/{call_id}", self.show, "All that is known of a call."),
                {
                    200: Answer("With what was said.", WholeCall),
                    404: Answer("There is no such call.", Error),
                    503: Answer("The store does not answer.", Error),
                },
            ),
            *self.past.table(),
        ]

    def heard(self, source: Hashable, message: Message) -> None:
        """Take what a process with calls says."""
        match message:
            case DialAnswered(call_id):
                self._asking.answered(call_id, message)
            case OperatorAnswered(request_id, answer):
                self._asking.answered(request_id, answer)
            case FactsTold(facts):
                self.live.told(source, facts)
            case Closed():
                self._asking.gone(source)
                self.live.gone(source, unix_time())
            case _:
                pass

    async def place(self, request: web.Request) -> web.Response:
        """Place a call: POST."""
        wanted = await read_body(request, CallWanted)
        if isinstance(wanted, str):
            return error_response(400, wanted)
        try:
            to = destination(wanted.to, self._settings.country_code)
        except ValueError as error:
            return error_response(400, f"to: {error}")
        trunk = wanted.trunk or ("" if to.address else self._settings.trunk)
        if not to.address and not trunk:
            return error_response(400, "to: a number needs a trunk, or [dial] trunk")
        now = asyncio.get_running_loop().time()
        refused = self._guard.refusal(to, calls=self.live.placed_count, now=now)
        if refused is not None:
            return self._refused(to, wanted.plan, refused)
        asked = _asked(wanted, to, trunk)
        about_call(request, asked.call_id)
        response = await self._ask(asked)
        if response.status != 202:
            self._guard.give_back(to)
        return response

    async def list(self, request: web.Request) -> web.Response:
        """Tell which calls there are, or were."""
        match request.query.get("state", "live"):
            case "live":
                return web.json_response({"calls": self.live.listed(), "next": ""})
            case "past":
                return await self.past.listed(request)
            case _:
                return error_response(400, "state: must be live or past")

    async def show(self, request: web.Request) -> web.Response:
        """Tell all that is known of a call."""
        call_id = request.match_info["call_id"]
        shown = self.live.shown(call_id)
        try:
            if shown is None:
                shown = await self.past.whole(call_id)
            elif shown["state"] == "ended":
                shown["record"] = await self.past.record(call_id)
        except JournalError as error:
            log.error("! the store does not answer: %s", error)
            if shown is None:
                return error_response(503, "the store does not answer")
        return _unknown() if shown is None else web.json_response(shown)

    def _refused(self, to: Destination, plan: str, refused: Refused) -> web.Response:
        self.counts.count(refused.why.value)
        log.warning("! no call to %s with plan %s: %s", masked_number(to.key), plan, refused.text)
        headers = {"Retry-After": str(refused.retry_after_s)} if refused.retry_after_s else None
        return error_response(_STATUS.get(refused.why, 403), refused.text, headers)

    async def _ask(self, asked: DialAsked) -> web.Response:
        self.live.placed(self._source, asked, unix_time())
        try:
            answered = await self._asking.ask(self._source, asked.call_id, asked)
        except NotAnswered as error:
            self._send(self._source, OperatorAsked("", asked.call_id, "", HangUp()))
            answered = DialAnswered(asked.call_id, 503, str(error))
        self.counts.count(_OUTCOMES.get(answered.status, "not_free"))
        if answered.status != 202:
            self.live.not_placed(asked.call_id)
            headers = {"Retry-After": "5"} if answered.status == 503 else None
            return error_response(answered.status, answered.text, headers)
        log.info("call=%s = asked for, to %s", asked.call_id, masked_number(asked.to))
        where = {"Location": f"{V1}{CALLS}/{asked.call_id}"}
        return web.json_response(self.live.shown(asked.call_id), status=202, headers=where)


def _asked(wanted: CallWanted, to: Destination, trunk: str) -> DialAsked:
    return DialAsked(
        call_id=secrets.token_hex(8),
        to=to.uri,
        plan=wanted.plan,
        trunk=trunk,
        caller_id=wanted.caller_id or "",
        ring_s=wanted.ring_s,
        headers=tuple(wanted.headers.items()),
        variables=dict(wanted.variables),
    )


def _unknown() -> web.Response:
    return error_response(404, "there is no such call")
