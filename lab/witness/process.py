"""The process of the witness, as whoever started it holds it."""

import os
import subprocess
from pathlib import Path
from typing import Self

from lab.process.children import start_child
from lab.witness.client import WitnessClient
from lab.witness.connection import Address, WitnessError


class WitnessProcess:
    """A running witness. Started by `start`, ended by `stop`; it dies with the process that started it."""

    def __init__(self, process: subprocess.Popen[bytes], address: Address) -> None:
        self._process = process
        self.address = address
        self.client = WitnessClient(address)

    @classmethod
    def start(cls, folder: Path) -> Self:
        """Start a witness that keeps its journal in `folder` (and reads the one that is there).

        Raises WitnessError where it does not come up; its own words are in `folder`/witness.log.
        """
        folder.mkdir(parents=True, exist_ok=True)
        reading, writing = os.pipe()
        log_file = folder / "witness.log"
        process = start_child(
            "lab.witness.witness", [str(folder), str(writing)], log_file=log_file, pass_file_descriptors=[writing]
        )
        os.close(writing)
        with os.fdopen(reading) as port_file:
            port = port_file.readline().strip()
        if not port:
            process.wait()
            raise WitnessError(f"The witness did not start; see {log_file}.")
        return cls(process, ("127.0.0.1", int(port)))

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it. The journal stays."""
        self._process.terminate()
        self._process.wait()
