"""The process of one lab host: boots it, hands out its levers, and shuts it down when it is told to.

The control socket is the lab's own way in, for levers that no client of a host has.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from lab.host.engine import EngineBuilder
from lab.host.levers import HostLevers
from lab.host.place import HostPlace
from lab.host.running import RunningHost
from lab.process.control import ControlServer
from lab.process.dying_with_parent import die_with_parent
from lab.settings import LabSettings


def run_host(engine: EngineBuilder) -> None:
    """Run the host that the program's arguments name, with an engine, until it is told to shut down.

    Arguments: parent's process id, lab folder, host name, witness ("address:port" or ""), descriptor to say ready.
    """
    parent, lab_folder, name = int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    die_with_parent(parent)
    os.setpgid(0, 0)
    settings = LabSettings.load(lab_folder)
    address, _, port = sys.argv[4].rpartition(":")
    place = HostPlace(lab_folder, settings, settings.host(name), (address, int(port)) if port else None)
    host = RunningHost(place, engine=engine)
    over = threading.Event()
    control = ControlServer(place.folder, HostLevers(host, over=over).handlers())
    host.boot()
    control.start()
    with os.fdopen(int(sys.argv[5]), "w") as ready:
        ready.write(f"{host.endpoint.port}\n")
    over.wait()
    host.shut_down()
