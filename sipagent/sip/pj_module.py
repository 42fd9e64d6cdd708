"""How a module of ours becomes one of PJSIP's (``pjsip/sip_module.h`` of PJSIP 2.15)."""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Any

from sipagent.errors import SipError

from .pj_structs import PjModule, pj_string
from .pjlib import declared


def registered(name: str, priority: int, **callbacks: Any) -> PjModule:
    """Return a module that PJSIP calls; it must be kept until PJSIP is destroyed.

    Args:
        name: No other has it.
        priority: What comes passes low numbers first, what goes high ones.
        callbacks: By their names in the structure, each a ``PjCallback`` that is kept as long.

    Raises:
        SipError: If PJSIP does not take it.
    """
    pjsip = _pjsip()
    module = PjModule(name=pj_string(name), id=-1, priority=priority, **callbacks)
    endpoint = pjsip.pjsua_get_pjsip_endpt()
    status = pjsip.pjsip_endpt_register_module(endpoint, ctypes.byref(module))
    if status != 0:
        raise SipError(f"PJSIP takes no module of ours (status {status})")
    return module


@cache
def _pjsip() -> Any:
    pointer = ctypes.c_void_p
    return declared(
        "takes modules",
        {
            "pjsua_get_pjsip_endpt": (pointer, []),
            "pjsip_endpt_register_module": (ctypes.c_int, [pointer, pointer]),
        },
    )
