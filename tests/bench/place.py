"""Where benches run: a private network namespace, a target in it, tester and target on cores of their own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from probe.lab import Lab
from probe.spec.segment import Endpoint


@dataclass(frozen=True, slots=True)
class Place:
    """IP version -> where the target listens; the cores of this process and of the target."""

    endpoints: dict[int, Endpoint]
    tester_core: int
    target_core: int

    def __str__(self) -> str:
        shared = " too (there is no other)" if self.tester_core == self.target_core else ""
        return f"tester pinned to core {self.tester_core}, target to core {self.target_core}{shared}"


@contextmanager
def place() -> Iterator[Place]:
    """Start the target and pin both; this process stays in the namespace afterwards."""
    cores = sorted(os.sched_getaffinity(0))
    with Lab() as lab:
        os.sched_setaffinity(lab.pid or 0, {cores[-1]})
        os.sched_setaffinity(0, {cores[0]})
        try:
            yield Place(lab.endpoints, cores[0], cores[-1])
        finally:
            os.sched_setaffinity(0, cores)
