"""The end of the process whose namespace is visited is noticed, even while it is a zombie."""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys

import pytest

from probe.wire.errors import WireError
from probe.wire.owner import Owner, started


def test_a_process_that_lives_is_left_alone() -> None:
    owner = Owner(os.getpid(), "this process")
    owner()
    pickle.loads(pickle.dumps(owner))()  # noqa: S301  # workers of a fleet get it so


def test_a_process_that_ended_is_missed_before_it_is_reaped() -> None:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    owner = Owner(child.pid, "container web")
    owner()
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    fresh = Owner(child.pid, "container web", owner.since)
    with pytest.raises(WireError, match="container web ended during the run: what was found until then is reported"):
        fresh()
    child.communicate()


def test_another_process_with_the_same_number_is_not_taken_for_it() -> None:
    with pytest.raises(WireError, match="ended"):
        Owner(os.getpid(), "container web", "1")()


def test_the_end_of_a_process_can_be_waited_for() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        owner = Owner(child.pid, "container web")
        with owner.ending() as descriptor:
            assert descriptor is not None
            assert not select.select([descriptor], [], [], 0)[0]
            child.kill()
            assert select.select([descriptor], [], [], 10)[0]
        assert owner.gone()
    with owner.ending() as descriptor:
        assert descriptor is None


def test_there_is_no_beginning_of_no_process() -> None:
    assert started(2**22 + 1) == ""
