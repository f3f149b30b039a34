"""Live tests run in a private network namespace of the test process's own: nothing reaches a real network."""

from __future__ import annotations

import contextlib
import functools
import getpass
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from probe.lab import Lab
from probe.spec.segment import Endpoint
from probe.wire.errors import WireError
from probe.wire.namespace import enter_private
from tests.live.far import Far

HERE = Path(__file__).resolve().parent


def pytest_configure(config: pytest.Config) -> None:
    """An ordinary user enters before xdist starts workers: they have threads, and a user namespace wants none."""
    if os.geteuid() and config.getoption("numprocesses", default=None) and not hasattr(config, "workerinput"):
        _entered()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder is a live one."""
    for item in items:
        if _is_here(item.path):
            item.add_marker(pytest.mark.live)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Enter before the first test of any folder runs: no other test's sockets are left on the far side."""
    if any(_is_here(item.path) for item in session.items):
        _entered()


@functools.cache
def _is_here(path: Path) -> bool:
    return HERE in path.parents


@functools.cache
def _entered() -> str:
    """Enter a private namespace, once a process; why it cannot be done, else empty."""
    with contextlib.suppress(KeyError, OSError):  # a user without a name
        # Inside everybody is root by number, and pytest would look for root's temporary directory.
        os.environ.setdefault("LOGNAME", getpass.getuser())
    try:
        enter_private()
    except WireError as error:
        return str(error)
    return ""


@pytest.fixture(scope="session", autouse=True)
def private_net() -> None:
    """The test process is in a private namespace; where that is forbidden, live tests are skipped (or fail)."""
    reason = _entered()
    if reason and os.environ.get("PROBE_LIVE") == "require":
        pytest.fail(f"PROBE_LIVE=require, but {reason}", pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def target(private_net: None) -> Iterator[dict[int, Endpoint]]:
    """IP version -> endpoint of a `probe target` on loopback."""
    with Lab(private=False) as lab:
        yield lab.endpoints


@pytest.fixture
def veth_pair(private_net: None) -> Iterator[Far]:
    """A second namespace behind a veth pair, with a way to start programs in it."""
    with Far() as far:
        yield far
