"""The benchmark of runs: what it times is what a run tells."""

from __future__ import annotations

import pytest

from benchmarks.runner import TRANSPORTS, concurrent_figures, event_figures, json_us, lateness_ms
from benchmarks.text_model import running_text_model
from sipagent.agents.backend.runner import Runner
from sipagent.agents.backend.transports.provider import OpenAIProvider, Transport


async def test_events_of_each_transport_cost_something() -> None:
    async with running_text_model() as url:
        rows = await event_figures(url, words=200, runs=1)
    assert len(rows) == len(TRANSPORTS)
    assert all(sample > 0 for row in rows for sample in row.samples)


@pytest.mark.parametrize("transport", TRANSPORTS.values())
async def test_words_are_read_after_they_were_sent(transport: Transport) -> None:
    async with running_text_model() as url:
        provider = OpenAIProvider(base_url=url, transport=transport)
        late_ms = await lateness_ms(Runner(provider, model="m"), words=5, tick_s=0.01)
        await provider.close()
    assert len(late_ms) == 5
    assert all(0 < each < 5_000 for each in late_ms)


async def test_runs_at_once_tell_all_their_words() -> None:
    async with running_text_model() as url:
        rows = await concurrent_figures(url, [3], seconds=0.2)
    assert len(rows[0].samples) == 30


def test_json_takes_less_than_a_run() -> None:
    assert 0 < json_us("http") < 50
