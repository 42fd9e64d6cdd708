"""Keeps all processes with calls on one version of the plans: the newest that is right.

An edit is copied, checked by a process of its own, loaded by every process with calls, and used by
all of them or by none. What is wrong is told; calls go on by the version before.

| resource     | acquired            | released       | on failure                             |
|--------------|---------------------|----------------|----------------------------------------|
| staged copy  | each edit           | kept or dropped | told as a problem of the edit         |
| watch        | ``run``             | ``run``        | files are looked at now and then       |
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import replace
from functools import partial
from multiprocessing.context import ForkServerContext
from pathlib import Path

from sipagent.config import Config
from sipagent.dialplan.findings import Finding, raise_errors
from sipagent.dialplan.versions import PlanSource, PlanVersion, Staged
from sipagent.errors import DialplanError
from sipagent.ops.channel import Message
from sipagent.ops.clock import unix_time
from sipagent.ops.plan_counts import PlanCounts
from sipagent.ops.plan_state import PlanState, ReloadOutcome

from .plan_check import Checked, check_plans
from .plan_files import PlanFiles, sha_of, unreadable
from .plan_rollout import Rollout
from .plan_watch import PlanWatch

log = logging.getLogger(__name__)


class PlanKeeper:
    """Follow the edits of the plans.

    Args:
        config: Of the appliance.
        context: Of the fork server.
        send: Tells the process with calls of that name something.
        prepare: Has the embedded engine ready for a version; returns why not, or ``""``.
    """

    def __init__(
        self,
        config: Config,
        context: ForkServerContext,
        send: Callable[[Hashable, Message], None],
        prepare: Callable[[PlanSource], Awaitable[str]],
    ) -> None:
        self._config, self._context = config, context
        self.on_change: Callable[[PlanState], None] = lambda _: None
        """Called with each new state."""
        self._folder = config.dialplans.path
        self._files = PlanFiles(self._folder, config.dialplans.versions_path)
        self.replay = self._files.replay
        """Returns which past calls the folder would route differently, or why nobody can tell."""
        self._versions = self._files.versions
        self._prepare = prepare
        self._others: tuple[Path, ...] = ()
        self._watch = PlanWatch(self._folder, lambda: self._others)
        self._changing = asyncio.Lock()
        self._source: PlanSource | None = None
        self._is_asked = False
        self._used = self._tried = ("", "")
        """Hashes of what is in use, and of what was tried last: the copy, and other files."""
        self._warnings: tuple[Finding, ...] = ()
        self.rollout = Rollout(send)
        self.state = PlanState()
        self.counts = PlanCounts(lambda: self.state)

    @property
    def source(self) -> PlanSource:
        """Return what processes are to start with."""
        assert self._source is not None
        return self._source

    @property
    def known(self) -> tuple[PlanVersion, ...]:
        """Return the versions that can be rolled back to, oldest first."""
        return self._versions.known

    async def start(self) -> None:
        """Find what to start with: what is in the folder, or else what was in use last.

        Raises:
            ConfigError: If nothing can be used, or no versions can be kept.
        """
        await asyncio.to_thread(self._versions.open)
        await self._watch.look()
        staged = await self._files.staged()
        if isinstance(staged, Finding):
            await self._start_on_last((staged,))
            return
        held, against = self._versions.held
        if held and staged.sha == against:
            await self._files.drop(staged)
            await self._start_on(held, ())
            return
        checked = await self._checked(staged.copy)
        if not checked.is_right:
            await self._files.drop(staged)
            await self._start_on_last(checked.findings)
            return
        last = self._versions.known[-1:]
        is_known = bool(last) and last[0].sha == staged.sha
        version = last[0].version if is_known else self._versions.next_version()
        source = await asyncio.to_thread(self._versions.admit, staged, version)
        self.rollout.begin(source)
        await self._loaded(source, checked)

    def ask(self) -> None:
        """Have what is in the folder loaded, whether or not it looks edited."""
        self._is_asked = True
        self._watch.wake()

    async def run(self) -> None:
        """Follow edits, until cancelled."""
        listening = asyncio.get_running_loop().create_task(self._watch.run(), name="file events")
        try:
            while True:
                await self._watch.changed(or_if=lambda: self._is_asked)
                await self._follow()
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _follow(self) -> None:
        """Follow one edit, or do what is asked; a fault of ours must not end the box."""
        try:
            if self._is_asked:
                self._is_asked = False
                await self.reload()
            else:
                await self._edited()
        except Exception as error:
            log.exception("! plans could not be followed")
            text = f"could not be followed: {type(error).__name__}"
            self._broken((self._finding(text),), ReloadOutcome.FAILED)

    async def reload(self) -> ReloadOutcome:
        """Use what is in the folder, if it is right; return what became of it."""
        async with self._changing:
            staged = await self._files.staged()
            if isinstance(staged, Finding):
                return self._broken((staged,))
            return await self._try(staged)

    async def roll_back(self, version: int) -> tuple[Finding, ...] | None:
        """Use an old version until the next edit or reload.

        Returns:
            Why it cannot be used; nothing if it is. None: it is not known any more.
        """
        async with self._changing:
            source = self._versions.source(version)
            if source is None:
                return None
            staged = await self._files.staged()
            against = "" if isinstance(staged, Finding) else staged.sha
            if not isinstance(staged, Finding):
                await self._files.drop(staged)
            checked = await self._checked(source.copy)
            problems = checked.findings
            if checked.is_right:
                problem = await self._prepare(source) or await self.rollout.load(source)
                problems = (self._finding(problem),) if problem else ()
            if problems:
                self.counts.count(ReloadOutcome.FAILED)
                log.error("! plans are not rolled back to version %d: %s", version, problems[0])
                return problems
            self.rollout.use(source)
            self._source = source
            self._tried = (against, await asyncio.to_thread(sha_of, self._others))
            await self._files.noted(partial(self._versions.hold, version, against))
            is_current = against == source.sha
            self._tell(self.state.rolled_back(source, checked.plans, is_current, at=unix_time()))
            log.warning("= plans are rolled back to version %d, until the next edit", version)
            self.counts.count(ReloadOutcome.ROLLED_BACK)
            return ()

    async def check(self, files: dict[str, str]) -> tuple[Finding, ...]:
        """Return what is wrong with the folder, with ``files`` over it, without using it."""
        staged = await self._files.staged(files)
        if isinstance(staged, Finding):
            return (staged,)
        try:
            return (await check_plans(self._context, self._config, staged.copy)).findings
        finally:
            await self._files.drop(staged)

    # Starting.

    async def _start_on_last(self, findings: tuple[Finding, ...]) -> None:
        """Start with what was in use last, since what is in the folder cannot be used."""
        known, (held, _) = self._versions.known, self._versions.held
        if not known:
            raise_errors(findings)
        await self._start_on(held or known[-1].version, findings)
        self._broken(findings)

    async def _start_on(self, version: int, findings: tuple[Finding, ...]) -> None:
        source = self._versions.source(version)
        checked = await self._checked(source.copy) if source is not None else None
        if source is None or checked is None or not checked.is_right:
            raise_errors((*findings, *(checked.findings if checked is not None else ())))
            raise DialplanError(f"version {version} is gone", where=str(self._folder))
        log.warning("= plans are version %d, which is not what is in %s", version, self._folder)
        self._source = source
        self.rollout.begin(source)
        is_held = self._versions.held[0] == version
        state = self.state.rolled_back(source, checked.plans, is_current=False, at=unix_time())
        self._tell(replace(state, is_rolled_back=is_held))

    # Changing; one change at a time.

    async def _edited(self) -> None:
        """Follow an edit; a file that was only touched is none."""
        async with self._changing:
            staged = await self._files.staged()
            if isinstance(staged, Finding):
                if not self._versions.held[0]:  # a roll-back outlives a look that failed
                    self._tried = ("", "")
                self._broken((staged,))
                return
            content = (staged.sha, await asyncio.to_thread(sha_of, self._others))
            if content == self._tried:
                await self._files.drop(staged)
            elif content == self._used and self.source.sha == staged.sha:
                await self._files.drop(staged)
                self._tried = content
                await self._files.noted(partial(self._versions.hold, 0, ""))
                log.info(
                    "= plans in %s are those in use, version %d", self._folder, self.source.version
                )
                self._tell(self.state.mended(self._warnings))
            else:
                await self._try(staged)

    async def _try(self, staged: Staged) -> ReloadOutcome:
        checked = await self._checked(staged.copy, self._watch.is_edited)
        self._tried = (staged.sha, await asyncio.to_thread(sha_of, self._others))
        if not checked.plans and self.state.plans and checked.is_right:
            text = "has no dialplan any more; those before stay in use"
            checked = Checked((Finding(self._folder, 0, "", text),))
        if not checked.is_right:
            await self._files.drop(staged)
            return self._broken(checked.findings)
        try:
            version = self._versions.next_version()
            source = await asyncio.to_thread(self._versions.admit, staged, version)
        except OSError as error:
            return self._broken((unreadable(self._folder, error),), ReloadOutcome.FAILED)
        problem = await self._prepare(source) or await self.rollout.load(source)
        if problem:
            return self._broken((self._finding(problem),), ReloadOutcome.FAILED)
        self.rollout.use(source)
        await self._loaded(source, checked)
        return ReloadOutcome.LOADED

    async def _loaded(self, source: PlanSource, checked: Checked) -> None:
        self._source, self._warnings = source, checked.findings
        self._used = self._tried = (source.sha, await asyncio.to_thread(sha_of, self._others))
        now = unix_time()
        names = tuple(plan.name for plan in checked.plans)
        await self._files.noted(partial(self._versions.note, source, names, loaded_at=now))
        for finding in checked.findings:
            log.warning("plans: %s", finding)
        log.info("= plans are version %d (%s)", source.version, source.sha)
        self.counts.count(ReloadOutcome.LOADED)
        self._tell(self.state.loaded(source, checked.plans, checked.findings, at=now))

    def _broken(
        self, findings: tuple[Finding, ...], outcome: ReloadOutcome = ReloadOutcome.BROKEN
    ) -> ReloadOutcome:
        for finding in findings:
            log.log(logging.ERROR if finding.is_error else logging.WARNING, "plans ! %s", finding)
        log.error("! plans are %s; version %d stays in use", outcome.value, self.source.version)
        self.counts.count(outcome)
        self._tell(self.state.broken(findings))
        return outcome

    def _tell(self, state: PlanState) -> None:
        self.state = state
        self.on_change(state)

    async def _checked(
        self, copy: Path, is_edited: Callable[[], Awaitable[bool]] | None = None
    ) -> Checked:
        checked = await check_plans(self._context, self._config, copy, is_edited)
        self._others = checked.others
        return checked

    def _finding(self, text: str) -> Finding:
        return Finding(self._folder, 0, "", text)
