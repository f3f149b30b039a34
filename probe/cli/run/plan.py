"""What a check of several targets comes to: which endpoints, with what options, and which of them one host shares."""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from probe.cli.options.hosts import Host
from probe.cli.options.targets import Peer, literal_version, locate, split
from probe.live.options import CheckOptions
from probe.live.pacing import Pace
from probe.live.worker import Job
from probe.wire.errors import TargetError

_OPTIONS = {entry.name for entry in fields(CheckOptions)}


@dataclass(slots=True)
class Plan:
    """Every target a job, in the order of the report; ``lost`` are hosts that could not be found, by that order."""

    jobs: list[Job] = field(default_factory=list)
    lost: list[tuple[int, Host, TargetError]] = field(default_factory=list)

    def lanes(self) -> list[list[Job]]:
        """The jobs of one host after another: it is never asked by two of them at a time."""
        found: dict[str, list[Job]] = {}
        for job in self.jobs:
            found.setdefault(job.target.address, []).append(job)
        lanes: list[list[Job]] = []
        for lane in found.values():  # the addresses of one name are one host, as far as one can guess
            names = {job.host for job in lane}
            same = [other for other in lanes if any(job.host in names for job in other)]
            lanes = [other for other in lanes if other not in same]
            lanes.append([job for part in (*same, lane) for job in part])
        for place, lane in enumerate(lanes):
            # One pace for all of them, the slowest that any of them asks for.
            gaps = [job.options.pace.gap for job in lane if job.options.pace is not None]
            pace = Pace(1 / max(gaps)) if gaps else None
            paced = [replace(job, options=replace(job.options, pace=pace)) for job in lane]
            lanes[place] = sorted(paced, key=lambda job: job.number)
        return lanes

    @property
    def size(self) -> int:
        """How many rows the report will have."""
        return len(self.jobs) + len(self.lost)


def given(targets: Sequence[str]) -> list[Host]:
    """The TARGETs of the command line as hosts without settings; TargetError for what is none."""
    return [Host("", host, (port,)) for host, port in map(split, targets)]


def plan(hosts: Sequence[Host], versions: Collection[int], options: CheckOptions, explicit: Mapping[str, Any]) -> Plan:
    """Look every host up, all at the same time. ``explicit`` are options the user gave: they outweigh the file."""
    made = Plan()
    for host, found in zip(hosts, _located(hosts, versions), strict=True):
        if isinstance(found, TargetError):
            made.lost.append((made.size, host, found))
            continue
        settings = {**host.settings, **explicit}
        told = replace(options, **{key: value for key, value in settings.items() if key in _OPTIONS})
        pace = Pace(settings["rate"]) if settings.get("rate") else None
        for peer in found:
            here = replace(told, interface=told.interface or peer.interface or None, pace=pace)
            made.jobs.append(Job(made.size, peer.endpoint, here, host.name, host.address.lower()))
    return made


def _located(hosts: Sequence[Host], versions: Collection[int]) -> list[list[Peer] | TargetError]:
    """Where each host is. Names are looked up side by side: a name server that is down answers after many seconds."""
    found: dict[int, list[Peer] | TargetError] = {}

    def look(number: int, host: Host) -> None:
        try:
            found[number] = locate(host.address, host.ports, versions or host.versions)
        except TargetError as error:
            found[number] = error

    threads = []
    for number, host in enumerate(hosts):
        if literal_version(host.address) or len(hosts) == 1:
            look(number, host)
        else:
            # Daemons: an interruption need not wait for the name server.
            threads.append(threading.Thread(target=look, args=(number, host), daemon=True))
            threads[-1].start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(hosts))]
