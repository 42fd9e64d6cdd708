"""How much is logged, package by package, while the process runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping


class LogLevels:
    """Set levels of loggers, and take them back."""

    def __init__(self) -> None:
        self._set: set[str] = set()

    def use(self, levels: Mapping[str, str]) -> None:
        """Log of each package what ``levels`` says, and of all others what the configuration did.

        Args:
            levels: ``debug``, ``info``, ``warning`` or ``error``, by package of ours.
        """
        for name in self._set - levels.keys():
            logging.getLogger(name).setLevel(logging.NOTSET)
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level.upper())
        self._set = set(levels)
