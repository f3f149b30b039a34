"""lwIP as the machine next door: builds ``peer.c`` with the system's compiler and runs it behind a veth pair."""

from __future__ import annotations

import functools
import os
import selectors
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from probe.spec.segment import Endpoint
from tests.live.far import FAR, Far

PORT = 7000
_SOURCE = Path(__file__).with_name("peer.c")
_PACKAGES = {"cc": "gcc", "pkg-config": "pkg-config"}
_PATIENCE = 15.0
"""Seconds the peer may take to listen; a loaded machine keeps that."""


class Lwip:
    """A server on lwIP in a process of its own: ``endpoints`` (IP version -> where it listens), as a context manager.

    Skips the test, with the reason, where compiler, pkg-config or lwIP are not installed.
    """

    def __init__(self) -> None:
        self.endpoints = {version: Endpoint(address, PORT) for version, address in FAR.items()}
        self._far = Far(addressed=False)
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Lwip:
        peer = built()
        self._far.__enter__()
        try:
            self._process = self._far.start([str(peer), self._far.other, FAR[4], FAR[6], str(PORT)])
            said = _first_words(self._process)
            assert said == "listening\n", f"lwIP did not start: {said or 'it said nothing'}"
        except BaseException:
            self._far.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._far.__exit__()

    @property
    def ended(self) -> bool:
        """Whether the stack has gone down: a failed assertion of its own ends the process."""
        assert self._process is not None
        return self._process.poll() is not None


@functools.cache
def built() -> Path:
    """The program, compiled once a process."""
    _said(["cc", "-E", "-include", "stdio.h", "-x", "c", "/dev/null"], "C headers are not installed (libc6-dev)")
    flags = _said(["pkg-config", "--cflags", "--libs", "lwip"], "lwIP is not installed (liblwip-dev)")
    program = Path(_folder().name, "peer")
    subprocess.run(["cc", "-O1", "-Wall", "-Wextra", "-o", program, _SOURCE, *flags.split()], check=True)
    return program


def version() -> str:
    """lwIP's, as pkg-config knows it."""
    return _said(["pkg-config", "--modversion", "lwip"], "lwIP is not installed (liblwip-dev)").strip()


def _said(command: list[str], otherwise: str) -> str:
    """What a command says; where it is not there or fails, the test is skipped for that reason."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed ({_PACKAGES[command[0]]})")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(otherwise)
    return done.stdout


@functools.cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    """Kept until this process ends, and removed with it."""
    return tempfile.TemporaryDirectory(prefix="probe-lwip-")


def _first_words(process: subprocess.Popen[str]) -> str:
    """What the peer says first; empty if it ended or kept silent too long."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        ready = selector.select(_PATIENCE)
    return os.read(process.stdout.fileno(), 4096).decode() if ready else ""
