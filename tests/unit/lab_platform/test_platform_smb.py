"""Reading over the network from a server that goes away."""

from __future__ import annotations

import socket
import struct
from pathlib import Path

from platform_helpers import refused

from lab.platform import errors
from lab.platform.link import Links
from lab.platform.smb_client import RemoteFile

RESET_AT_CLOSE = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: the end of the connection is a reset, as when a process dies with bytes unread."""


def test_a_connection_that_is_reset_while_an_answer_is_awaited_is_lost(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        connection = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_AT_CLOSE)
    link = Links(tmp_path).connect("HV2", "HV1", timeout_seconds=1.0)
    file = RemoteFile(connection, link, unc=r"\\HV1\vms$\base.vhdx", timeout_seconds=5.0, stopped=lambda: False)
    with file:
        server.close()
        with refused(errors.NETWORK_NAME_DELETED, match="base.vhdx"):
            file.receive()
