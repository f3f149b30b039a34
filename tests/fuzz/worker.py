"""One process of a campaign: case after case, each under a deadline and in bounded memory."""

from __future__ import annotations

import resource
import signal
import time
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from random import Random
from types import FrameType
from typing import NamedTuple

from tests.fuzz.campaign import Campaign, WrongError, campaigns

MEMORY = 1 << 30
"""Octets of address space that cases may take beyond what the process holds when it starts."""
KINDS = 20
"""More kinds of failure than this are not told apart: the first ones are to be mended first."""
ROOT = Path(__file__).resolve().parents[2]


class Hang(BaseException):
    """A case went past its deadline; no ``except Exception`` on the way can hide it."""


class Found(NamedTuple):
    """A case that went wrong: what failed and where (equal for cases that fail alike), and the whole story."""

    campaign: str
    seed: int
    where: str
    story: str


def failure(campaign: Campaign, seed: int, *, deadline: bool = True) -> Found | None:
    """Run one case; None when all is well. ``deadline`` needs the process's alarm clock."""
    if deadline:
        signal.signal(signal.SIGALRM, _hang)
        signal.setitimer(signal.ITIMER_REAL, campaign.deadline)
    try:
        campaign.case(Random(seed))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever comes out is what is looked for
        return Found(campaign.name, seed, _where(error), "".join(traceback.format_exception(error)))
    finally:
        if deadline:
            signal.setitimer(signal.ITIMER_REAL, 0)
    return None


def _hang(_signal: int, _frame: FrameType | None) -> None:
    raise Hang("the case went past its deadline")


def _where(error: BaseException) -> str:
    """The kind of failure and the line of our code it came from; or what is wrong."""
    if isinstance(error, WrongError):
        return error.kind
    frames = [f for f in traceback.extract_tb(error.__traceback__) if Path(f.filename).is_relative_to(ROOT)]
    last = next((f for f in reversed(frames) if "/probe/" in f.filename), frames[-1] if frames else None)
    place = f" at {Path(last.filename).relative_to(ROOT)}:{last.lineno}" if last else ""
    return f"{type(error).__name__}{place}"


def work(
    name: str, first: int, stride: int, seconds: float, now: Synchronized[int], done: Synchronized[int], to: Connection
) -> None:
    """Run cases ``first``, ``first + stride``, ... for that long; send each new failure, then None.

    ``now`` holds the case that is running, ``done`` how many have been.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends the run, and reports
    campaign = next(c for c in campaigns() if c.name == name)
    failure(campaign, first)  # loads what it needs, before memory is counted
    _limit_memory()
    known: set[str] = set()
    until = time.monotonic() + seconds
    seed = first
    with suppress(BrokenPipeError):
        while time.monotonic() < until:
            now.value = seed
            found = failure(campaign, seed)
            done.value += 1
            if found is not None and found.where not in known and len(known) < KINDS:
                known.add(found.where)
                to.send(found)
            seed += stride
        to.send(None)


def _limit_memory() -> None:
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, size + MEMORY))
