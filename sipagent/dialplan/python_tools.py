"""Loads Python functions from files beside a dialplan.

Each plan executes its files as modules of its own: two plans may both have a ``tools.py``, and one
file used by two plans is two modules. So are two versions of a plan, of which the older may still
have calls: its modules are there until :func:`release`. Nothing is put on ``sys.path`` and no
bytecode is written.

Whatever the file does wrong, ``SystemExit`` included, is a finding; nothing gets through.
"""

from __future__ import annotations

import hashlib
import itertools
import sys
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from sipagent.agents.tools import FunctionTool, function_tool

from .documents import read_source
from .findings import Finding
from .patience import limited
from .tools import Tool
from .validation import near_miss

_loads = itertools.count(1)


@dataclass(frozen=True, slots=True)
class ToolProblem:
    """Why a tool cannot be had."""

    text: str
    place: Finding | None = None
    """The place in the Python file, when the problem lies there; it has the text of its own."""


class PythonFiles:
    """The Python files of one plan, each executed once.

    Args:
        plan_file: The dialplan; files are looked for beside it.
    """

    def __init__(self, plan_file: Path) -> None:
        self._plan_file = plan_file
        self._modules: dict[str, ModuleType | ToolProblem] = {}
        self.sources: dict[str, bytes] = {}
        """Content of the files that were read, by name."""
        self.modules: list[str] = []
        """Names of those that were executed."""

    def load(self, tool: Tool) -> FunctionTool | ToolProblem:
        """Return ``tool``, a Python one, ready to be called, or what is wrong with it."""
        python = tool.python
        assert python is not None
        function = self.function(python)
        if isinstance(function, ToolProblem):
            return function
        try:
            made = function_tool(
                function,
                name=tool.name,
                description=tool.description,
                timeout_s=tool.timeout_s,
                needs_approval=tool.needs_approval,
            )
        except Exception as error:  # annotations are code of the file, and may raise anything
            return ToolProblem(f"{python} cannot be a tool: {_last_line(error)}")
        if not made.description:
            return ToolProblem(f"{python} has no docstring and the tool no description")
        return made

    def function(self, python: str) -> Callable[..., Any] | ToolProblem:
        """Return what ``file.py:function`` names, or what is wrong with it."""
        file_name, _, function_name = python.partition(":")
        if file_name not in self._modules:
            self._modules[file_name] = self._execute(file_name)
        module = self._modules[file_name]
        if isinstance(module, ToolProblem):
            return module
        function = vars(module).get(function_name)
        if function is None:
            names = [name for name, value in vars(module).items() if callable(value)]
            close = near_miss(function_name, names)
            return ToolProblem(f"{file_name} has no function {function_name}{close}")
        if not callable(function) or isinstance(function, type):
            return ToolProblem(f"{function_name} in {file_name} is not a function")
        made: Callable[..., Any] = function
        return made

    def _execute(self, file_name: str) -> ModuleType | ToolProblem:
        file = self._plan_file.parent / file_name
        source = read_source(file)
        if isinstance(source, Finding):
            return ToolProblem(f"{file_name} {source.text}")
        self.sources[file_name] = source
        module = ModuleType(_module_name(self._plan_file, file_name))
        module.__file__ = str(file)
        # Dataclasses and models of the file look their own module up there, and later too.
        sys.modules[module.__name__] = module
        try:
            with limited():
                exec(compile(source, str(file), "exec", dont_inherit=True), vars(module))
        except (Exception, SystemExit) as error:
            release([module.__name__])
            place = Finding(file, _line_in(file, error), "", _last_line(error))
            return ToolProblem(f"{file_name} cannot be loaded", place)
        self.modules.append(module.__name__)
        return module


def release(modules: Iterable[str]) -> None:
    """Forget modules that nobody calls any more; harmless twice."""
    for name in modules:
        sys.modules.pop(name, None)


def _module_name(plan_file: Path, file_name: str) -> str:
    """Return a name that no other module has."""
    key = f"{plan_file.absolute()}\0{file_name}"
    digest = hashlib.sha256(key.encode()).hexdigest()[:16]
    return f"sipagent_plan_{digest}_{next(_loads)}"


def _line_in(file: Path, error: BaseException) -> int:
    """Return the innermost line of ``file`` that was being executed; 0 if none was."""
    if isinstance(error, SyntaxError) and error.filename == str(file):
        return error.lineno or 0
    frames = traceback.extract_tb(error.__traceback__)
    return next((each.lineno or 0 for each in reversed(frames) if each.filename == str(file)), 0)


def _last_line(error: BaseException) -> str:
    """Return the error as the last line of its traceback would: one line, cut short."""
    text = traceback.format_exception_only(error)[-1].strip()
    return " ".join(text.split())[:300]
