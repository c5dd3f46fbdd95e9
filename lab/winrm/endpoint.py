"""A lab host's WinRM service: a thread with its own event loop, an HTTPS listener and, if wanted, a plain HTTP one.

Trouble: the lab must be a server and stay steerable: tests start it, break it and stop it many times in one
process, and no socket, thread or shell may be left over. Answer: listening sockets are opened by the caller's
thread, so that a taken port is an exception of `start`; everything else happens in one event loop that `stop`
ends and waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from types import TracebackType

import uvicorn
from uvicorn.server import ServerState

from lab.winrm.application import Application
from lab.winrm.authentication import Authenticator
from lab.winrm.connections import ConnectionProtocol
from lab.winrm.engine import Engine
from lab.winrm.fault_hooks import EndpointFaults, NoWireFaults
from lab.winrm.operations import Operations
from lab.winrm.settings import EndpointSettings
from lab.winrm.shells import Shells

_READY_SECONDS = 30
_STOP_SECONDS = 5
"""How long requests get to notice that their connection is gone; they normally need milliseconds."""


class Endpoint:
    """The endpoint of one host. `start` and `stop` may be called from any thread but its own, the rest from any."""

    def __init__(self, settings: EndpointSettings, engine: Engine, faults: EndpointFaults | None = None) -> None:
        self._settings = settings
        self._engine = engine
        self._faults = faults or NoWireFaults()
        self._running: _Serving | None = None
        self._thaw: threading.Event | None = None

    def start(self) -> None:
        """Listen. Raises OSError if a port is taken, ValueError if it runs already."""
        if self._running is not None:
            raise ValueError(f"the endpoint of {self._settings.machine_name} runs already")
        running = _Serving(self._settings, self._engine, self._faults)
        running.start()
        self._running = running

    def stop(self) -> None:
        """Close listeners and connections, end every shell, wait for the thread. Harmless if it does not run."""
        self.frozen = False
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Endpoint:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def port(self) -> int:
        """HTTPS port. Raises ValueError unless the endpoint runs."""
        return self._alive().ports[0]

    @property
    def http_port(self) -> int:
        """Plain HTTP port. Raises ValueError unless the endpoint runs and has such a listener."""
        ports = self._alive().ports
        if len(ports) < 2:
            raise ValueError(f"the endpoint of {self._settings.machine_name} has no plain HTTP listener")
        return ports[1]

    @property
    def url(self) -> str:
        return f"https://{self._settings.address}:{self.port}/wsman"

    @property
    def http_url(self) -> str:
        return f"http://{self._settings.address}:{self.http_port}/wsman"

    @property
    def connection_count(self) -> int:
        """Open connections."""
        return len(self._alive().application.connections)

    def drop_connections(self) -> None:
        """Close every connection now. Shells and commands stay; requests under way may have been executed."""
        self._alive().call(lambda application: application.drop_connections())

    def release_stalled(self) -> None:
        """Let go on what FaultAction.STALL_BEFORE and STALL_AFTER hold."""
        self._alive().call(lambda application: application.release_stalled())

    @property
    def frozen(self) -> bool:
        """Whether the endpoint is silent: connections open by the kernel's kindness, and nothing is ever answered.

        As with dropped packets or a stopped host process, what clients sent meanwhile is executed after the
        thaw, also for clients that have left. Commands run on.
        """
        return self._thaw is not None

    @frozen.setter
    def frozen(self, freeze: bool) -> None:
        if freeze and self._thaw is None:
            running, self._thaw = self._alive(), threading.Event()
            running.hold_loop(until=self._thaw)
        elif not freeze and self._thaw is not None:
            self._thaw.set()
            self._thaw = None

    def _alive(self) -> _Serving:
        if self._running is None:
            raise ValueError(f"the endpoint of {self._settings.machine_name} does not run")
        return self._running


class _Serving:
    """What exists between start and stop."""

    application: Application

    def __init__(self, settings: EndpointSettings, engine: Engine, faults: EndpointFaults) -> None:
        self._settings = settings
        self._engine = engine
        self._faults = faults
        self._sockets: list[socket.socket] = []
        self._loop: asyncio.AbstractEventLoop
        self._server_state = ServerState()
        self._stopping = asyncio.Event()
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(
            target=self._run, name=f"winrm endpoint of {settings.machine_name}", daemon=True
        )
        self.ports: list[int] = []

    def start(self) -> None:
        ports = [self._settings.port] + ([] if self._settings.http_port is None else [self._settings.http_port])
        try:
            for port in ports:
                self._sockets.append(_listening_socket(self._settings.address, port))
        except OSError:
            self._close_sockets()
            raise
        self.ports = [listener.getsockname()[1] for listener in self._sockets]
        self._thread.start()
        if not self._ready.wait(_READY_SECONDS):
            raise TimeoutError(f"the endpoint of {self._settings.machine_name} did not listen in {_READY_SECONDS} s")
        if self._failure is not None:
            self._thread.join()
            raise self._failure

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def call(self, act: Callable[[Application], None]) -> None:
        """Run `act` in the event loop and wait for it."""
        if threading.current_thread() is self._thread:
            act(self.application)
            return

        async def run() -> None:
            act(self.application)

        asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def hold_loop(self, *, until: threading.Event) -> None:
        """Block the event loop and return when it stands; called in its own thread, it stands after this step."""
        held = threading.Event()

        def hold() -> None:
            held.set()
            until.wait()

        self._loop.call_soon_threadsafe(hold)
        if threading.current_thread() is not self._thread:
            held.wait()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:  # handed to the caller of start or stop
            self._failure = failure
        finally:
            self._close_sockets()
            self._ready.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        authenticator = Authenticator(self._settings)
        shells = Shells(self._settings, self._engine)
        try:
            self.application = Application(
                self._settings,
                authenticator=authenticator,
                operations=Operations(self._settings, shells),
                faults=self._faults,
            )
            servers = [await self._listen(listener, with_tls=not i) for i, listener in enumerate(self._sockets)]
            self._ready.set()
            await self._stopping.wait()
            await self._stop_listening(servers)
            await self._end_requests()
        finally:
            shells.close()
            authenticator.close()

    async def _listen(self, listener: socket.socket, *, with_tls: bool) -> asyncio.Server:
        """uvicorn's protocol without its server, which would poll, log and take a tenth of a second for each step."""
        config = self._config(with_tls=with_tls)
        config.load()
        if config.ssl is not None and self._settings.asks_certificate_late:
            config.ssl.minimum_version = ssl.TLSVersion.TLSv1_3
            config.ssl.post_handshake_auth = True
        return await self._loop.create_server(
            lambda: ConnectionProtocol(config, self._server_state, {}, self._loop), sock=listener, ssl=config.ssl
        )

    async def _stop_listening(self, servers: list[asyncio.Server]) -> None:
        """Take no more connections, let those on their way arrive, then close.

        A server closed between accepting a connection and making its transport leaks that connection (an assertion in
        asyncio's `Server._attach` fails unseen).
        """
        for listener in self._sockets:
            self._loop.remove_reader(listener)
        for _ in range(3):
            await asyncio.sleep(0)
        for server in servers:
            server.close()

    async def _end_requests(self) -> None:
        """Without a connection no request has anything to wait for; what still runs afterwards is cancelled."""
        self.application.close()
        if self._server_state.tasks:
            await asyncio.wait(self._server_state.tasks, timeout=_STOP_SECONDS)

    def _config(self, *, with_tls: bool) -> uvicorn.Config:
        config = uvicorn.Config(
            self.application,
            http=ConnectionProtocol,
            ws="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,  # uvicorn would wrap the application, and a client could choose its address
            timeout_keep_alive=self._settings.idle_connection_seconds,
        )
        if with_tls:
            config.ssl_certfile = self._settings.server_certificate
            config.ssl_keyfile = self._settings.server_key
            if self._settings.client_ca is not None:
                config.ssl_ca_certs = str(self._settings.client_ca)
                config.ssl_cert_reqs = ssl.CERT_OPTIONAL
        return config

    def _close_sockets(self) -> None:
        for listener in self._sockets:
            with contextlib.suppress(OSError):
                listener.close()


def _listening_socket(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    # with the protocol named asyncio sets TCP_NODELAY on what it accepts; without, each answer takes 40 ms more
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener
