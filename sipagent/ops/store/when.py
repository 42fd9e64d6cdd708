"""Times as people write them: a date, a moment, or how long ago. Pure."""

from __future__ import annotations

import re
from datetime import datetime

from sipagent.errors import ConfigError

_UNITS_S = {"m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_AGO = re.compile(r"([0-9]{1,6})([mhdw])")


def when_ms(text: str, now: datetime) -> int:
    """Return Unix milliseconds of ``text``.

    Args:
        text: ``30m``, ``12h``, ``7d``, ``2w`` ago; or ISO 8601, in the zone of ``now`` if it names
            none.
        now: With a time zone.

    Raises:
        ConfigError: If it is none of these.
    """
    if ago := _AGO.fullmatch(text):
        return int((now.timestamp() - int(ago[1]) * _UNITS_S[ago[2]]) * 1000)
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=now.tzinfo)
        return int(moment.timestamp() * 1000)
    except (ValueError, OverflowError):
        wanted = "12h, 7d, 2026-01-31 or 2026-01-31T09:30"
        raise ConfigError(f'"{text}" is no time: write {wanted}') from None
