"""``[[tools]]``: something agents can do, by a Python function or by asking an HTTP server."""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from .http_call import HttpCall
from .model import Model, Text, ToolName
from .parameters import Parameter, ParameterName


def _python_path(text: str) -> str:
    if not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)*\.py:[^\W\d]\w*", text):
        raise ValueError('must be "file.py:function", the file beside the dialplan or below')
    return text


PythonPath = Annotated[str, AfterValidator(_python_path)]
"""``file.py:function``, beside the dialplan."""


class Tool(Model):
    """One of ``[[tools]]``. One of ``python`` and ``http``."""

    name: ToolName
    """What agents and the model call it."""
    python: PythonPath | None = None
    """The function that is called."""
    http: HttpCall | None = None
    """The server that is asked."""
    description: Text | None = None
    """Told to the model; None: the function's docstring."""
    parameters: dict[ParameterName, Parameter] = Field(default_factory=dict)
    """What the model gives an HTTP tool, by name."""
    timeout_s: Annotated[float, Field(gt=0, le=300)] = 20.0
    """After this the model is told that it took too long."""
    needs_approval: bool = False
    """Whether it runs only when a person said so."""

    @model_validator(mode="after")
    def _has_one_way(self) -> Self:
        if (self.python is None) == (self.http is None):
            raise ValueError("needs python or http, and not both")
        if self.http is None:
            if self.parameters:
                raise ValueError("parameters are those of the function, and cannot be given here")
            return self
        if self.description is None:
            raise ValueError("description is missing: an HTTP tool has no docstring")
        unknown = sorted(self.http.arguments() - set(self.parameters))
        if unknown:
            raise ValueError(f"http names {{{unknown[0]}}}, which is none of parameters")
        return self
