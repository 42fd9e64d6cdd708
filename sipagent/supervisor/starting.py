"""Starts the appliance: the fork server loads what it needs while the supervisor does.

| resource       | acquired          | released          | on failure                    |
|----------------|-------------------|-------------------|-------------------------------|
| metrics folder | ``run_appliance`` | ``run_appliance`` | one line, exit status 1       |
| fork server    | ``run_appliance`` | ends with this    | tried again by who needs it   |
"""

from __future__ import annotations

import os
import tempfile

# The supervisor keeps its own figures in memory: this is looked at when that is loaded.
import prometheus_client.values  # noqa: F401

from sipagent.config import Config
from sipagent.loading import loading
from sipagent.ops.logs import set_up_logging

from .forks import fork_server, warm_up


def run_appliance(config: Config) -> int:
    """Run the appliance until a signal; return the exit status."""
    set_up_logging(config.log.level, config.log.format)
    with tempfile.TemporaryDirectory(prefix="sipagent-metrics-") as metrics_dir:
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = metrics_dir  # whoever is started has it from here
        context = fork_server()
        warm_up()
        with loading():
            from .supervisor import run_supervisor  # noqa: PLC0415
        return run_supervisor(config, context, metrics_dir)
