"""Attempts at one request, with the pauses between them."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from .options import TransportOptions
from .retries import AttemptFailed, Retries

T = TypeVar("T")


async def attempted(
    attempt: Callable[[], Awaitable[T | AttemptFailed]], options: TransportOptions
) -> T:
    """Attempt until it is done, or not worth another attempt.

    Raises:
        ModelError: Why the last one failed.
    """
    retries = Retries(options.max_retries, options.longest_retry_after_s)
    while isinstance(made := await attempt(), AttemptFailed):
        delay_s = retries.delay_s(made, chance=random.random())
        if delay_s is None:
            raise made.error
        await asyncio.sleep(delay_s)
    return made
