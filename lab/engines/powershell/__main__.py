"""The process of a lab host whose calls are answered by PowerShell: `python -m lab.engines.powershell ...`."""

from __future__ import annotations

from lab.engines.powershell.bridge import Bridge
from lab.engines.powershell.processes import PowerShellEngine, PowerShellTasks, ProcessStarter
from lab.host.engine import EngineGround, EngineParts
from lab.host.process import run_host


def build(ground: EngineGround) -> EngineParts:
    """Make the engine; the cmdlets of its processes are answered from now on."""
    model = ground.model
    bridge = Bridge(model, model.platform.host_folder, faults=ground.faults)
    starter = ProcessStarter(model, bridge, ground.tally)
    bridge.start()
    return EngineParts(PowerShellEngine(model, starter, faults=ground.faults), PowerShellTasks(starter))


if __name__ == "__main__":
    run_host(build)
