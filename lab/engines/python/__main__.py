"""The process of a lab host whose calls are answered in Python: `python -m lab.engines.python ...`."""

from __future__ import annotations

from lab.engines.python.engine import EngineSettings, PythonEngine, TaskEngine
from lab.engines.python.operations.host import MigrationLocks, ModuleHost
from lab.engines.python.operations.state_folder import StateFolder
from lab.host.engine import EngineGround, EngineParts
from lab.host.process import run_host


def build(ground: EngineGround) -> EngineParts:
    """Make the engine."""
    model, plan = ground.model, ground.plan
    host = ModuleHost(
        model.platform,
        model.hyperv,
        StateFolder(model.platform.files),
        MigrationLocks(model.name, wait_seconds=plan.lock_wait_seconds),
    )
    settings = EngineSettings(start_delay_seconds=plan.start_delay_seconds, noise=plan.noise)
    return EngineParts(PythonEngine(host, faults=ground.faults, settings=settings), TaskEngine(host))


if __name__ == "__main__":
    run_host(build)
