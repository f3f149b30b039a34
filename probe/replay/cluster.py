"""A Dask cluster behind Python's own Executor interface: the work of replay, on other machines."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from functools import partial
from threading import Thread
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from probe import __version__
from probe.wire.errors import WireError

if TYPE_CHECKING:
    from distributed import Client

P = ParamSpec("P")
T = TypeVar("T")

_SCHEMES = ("", "tcp", "tls", "ws", "wss")
PATIENCE = 15.0
"""Seconds that the scheduler has to answer; on a busy machine it takes some."""
HIRING = 5.0
"""Seconds that it has, once it answers, to name a worker."""


def executor(address: str, patience: float = PATIENCE, hiring: float = HIRING) -> Executor:
    """An executor on the workers of the Dask scheduler at ``address`` (``tcp://host:8786``, or ``host:8786``).

    Functions must belong to modules, and files must be found under the same names on every worker. A task whose worker
    dies is run again on another one; its result counts once. Close it (``with``, or ``shutdown``) when done. WireError
    where the extra is missing, the scheduler does not answer within ``patience`` seconds or has no worker within
    ``hiring``, or its workers are of no use.
    """
    # Only host:port, perhaps behind a scheme: Dask would look odd names up, in its own loop.
    scheme, _, rest = address.rpartition("://")
    host, _, port = rest.rpartition(":")
    if scheme not in _SCHEMES or not host or not (port.isascii() and port.isdecimal() and 0 < int(port) < 65536):
        raise WireError(f"{address!r} is no address of a Dask scheduler: give host:port of a running 'dask scheduler'")
    client = _connected(address, patience)
    try:
        _check_workers(client, address, hiring)
    except WireError:
        client.close()
        raise
    return ClusterExecutor(client, address)


def _connected(address: str, patience: float) -> Client:
    """A client; made in a thread of its own, as Dask waits for ever on a listener that accepts and never speaks."""
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise WireError("--scheduler needs the extra: pip install 'handshake-probe[cluster]'") from error
    # What goes wrong comes out as one sentence; Dask's own log would tell it again on stderr, with tracebacks.
    for name in ("client", "comm", "core", "utils", "batched"):
        logging.getLogger(f"distributed.{name}").setLevel(logging.CRITICAL)
    made: Future[Client] = Future()

    def connect() -> None:
        try:
            made.set_result(Client(address, timeout=patience, set_as_default=False))
        except (OSError, ValueError, ImportError) as error:
            made.set_exception(error)

    Thread(target=connect, daemon=True).start()
    try:
        return made.result(patience + 1)
    except (OSError, ValueError, ImportError) as error:
        reason = str(error).partition("\n")[0] or f"nothing came in {patience:g} seconds"
        raise WireError(
            f"cannot reach a Dask scheduler at {address!r} ({reason}): give host:port of a running 'dask scheduler'"
        ) from error


def _check_workers(client: Client, address: str, hiring: float) -> None:
    """WireError unless there is a worker, and all that are there hold this version of probe."""
    try:
        client.wait_for_workers(1, timeout=hiring)
    except TimeoutError as error:
        raise WireError(
            f"the scheduler at {address} has no workers: start some with 'dask worker {address}'"
        ) from error
    for worker, found in client.run(installed, on_error="return").items():
        if found != __version__:
            what = f"version {found}" if isinstance(found, str) else f"no usable one ({found})"
            raise WireError(f"the worker {worker} has {what} of handshake-probe: install {__version__} there, as here")


def installed() -> str:
    """The version of probe, asked of each worker."""
    return __version__


class ClusterExecutor(Executor):
    """Dask's executor; troubles of the cluster come out of its futures as WireError. Closes the client with itself."""

    def __init__(self, client: Client, address: str) -> None:
        """Take over a connected client."""
        self._client = client
        self._inner: Executor = client.get_executor(pure=False)
        self._address = address
        self._closing = False

    @property
    def width(self) -> int:
        """The threads of all workers that are there now."""
        threads: int = sum(self._client.nthreads().values())
        return max(1, threads)

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Run ``fn`` on some worker."""
        inner = self._inner.submit(fn, *args, **kwargs)
        outer: Future[T] = Future()
        outer.set_running_or_notify_cancel()  # a task that has been handed over is run, as in a pool of processes
        inner.add_done_callback(partial(self._pass_on, outer))
        return outer

    def _pass_on(self, outer: Future[T], inner: Future[T]) -> None:
        """Hand the outcome on; runs in Dask's own thread."""
        from distributed.scheduler import KilledWorker

        if inner.cancelled():
            outer.set_exception(CancelledError() if self._closing else self._gone())
            return
        error = inner.exception()
        if isinstance(error, KilledWorker):
            outer.set_exception(
                WireError(f"{error.allowed_failures + 1} Dask workers died at the same work: look into their logs")
            )
        elif error is not None:
            outer.set_exception(self._gone() if isinstance(error, CancelledError) else error)
        else:
            outer.set_result(inner.result())

    def _gone(self) -> WireError:
        return WireError(f"the connection to the Dask scheduler at {self._address} was lost: is it still running?")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Wait for what is running unless told otherwise, then leave the cluster. May be called again."""
        if self._closing:
            return
        self._closing = not wait or cancel_futures
        self._inner.shutdown(wait=not self._closing)
        self._closing = True
        self._client.close()
