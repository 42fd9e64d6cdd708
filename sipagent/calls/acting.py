"""An operator's act begins, or is refused: either is logged, and what begins is a fact."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sipagent.operator_acts import ActAnswer, OperatorAct, act_fields, act_name

from . import facts
from .operating import Sight, objection

log = logging.getLogger(__name__)


def refused_or_begun(
    call_id: str, act: OperatorAct, by: str, sight: Sight, tell: Callable[[facts.Fact], None]
) -> ActAnswer | None:
    """Return why ``act`` cannot be done; None: it is on record, and is to be carried out."""
    refused, name = objection(act, sight), act_name(act)
    if refused is not None:
        log.info("call=%s ! operator %s: no %s: %s", call_id, by, name, refused.text)
        return refused
    log.info("call=%s = operator %s: %s", call_id, by, name)
    tell(facts.OperatorActed(name, by, act_fields(act)))
    return None
