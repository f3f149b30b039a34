"""Make the curated captures anew: ``make captures``, or ``python -m tests.captures.record [PATTERN…]``.

Everything happens in a network namespace of its own. What comes out must be what each scene declares, and tshark must
agree on the completeness; only then is it written. What the kernel's timing decides (three segments or four) may differ
from one recording to the next, and the JSON beside the capture says which it was.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from itertools import chain, product
from pathlib import Path

from tests.captures import built, ordinary, own, rewritten, trouble
from tests.captures.expected import HOME
from tests.captures.readme import write_readme
from tests.captures.stage import Stage, tcpdump, web
from tests.captures.verdicts import declare

_INSIDE = "PROBE_CAPTURES_INSIDE"
KERNEL = f"linux-{'.'.join(platform.release().split('.')[:2])}"
VERSIONS = (4, 6)
Wanted = Callable[[str], bool]


def main() -> None:
    """Enter a namespace and record."""
    parser = argparse.ArgumentParser(description="Make the captures of the curated set anew.")
    parser.add_argument("patterns", nargs="*", default=["*"], help="names of scenes; * matches anything")
    patterns = parser.parse_args().patterns
    if not os.environ.get(_INSIDE):
        isolate = ["unshare", "--net"] if os.geteuid() == 0 else ["unshare", "--user", "--map-root-user", "--net"]
        command = [*isolate, sys.executable, "-m", "tests.captures.record", *patterns]
        raise SystemExit(subprocess.run(command, env=os.environ | {_INSIDE: "1"}, check=False).returncode)
    problems = _record(lambda name: any(fnmatchcase(name, pattern) for pattern in patterns))
    if problems:
        raise SystemExit(f"not as declared: {', '.join(problems)}")
    write_readme()


class _Problems(list[str]):
    """What was not as declared: said at once, and at the end nothing else is."""

    @contextmanager
    def noted(self, name: str) -> Iterator[None]:
        """Go on with the next capture."""
        try:
            yield
        except (ValueError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            self.append(name)
            sys.stderr.write(f"{name}: {error}\n")
        else:
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()


def _record(wanted: Wanted) -> list[str]:
    """Everything asked for; the names of what did not become what it should."""
    subprocess.run(["ip", "link", "set", "lo", "up", "mtu", "1500"], check=True)
    peer, problems = HOME / KERNEL, _Problems()
    peer.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, web(Path(folder)):
        for scene, version in product(ordinary.SCENES, VERSIONS):
            if wanted(scene.name):
                with problems.noted(f"{scene.name}-v{version}"):
                    _play(scene, version, peer)
        for trouble_scene, version in product(trouble.SCENES, VERSIONS):
            if wanted(trouble_scene.name):
                with problems.noted(f"{trouble_scene.name}-v{version}"):
                    path = peer / f"{trouble_scene.name}-v{version}.pcap"
                    trouble.record(trouble_scene, version, path)
                    declare(path, trouble_scene.shows, trouble_scene.due)
        for name, make in chain(own.makers(peer, wanted), rewritten.makers(peer, HOME / "rewritten", wanted)):
            with problems.noted(name):
                make()
    for case, version in product(built.BUILT, VERSIONS):
        if wanted(case.name):
            with problems.noted(f"{case.name}-v{version}"):
                _build(case, version)
    return problems


def _play(scene: ordinary.Scene, version: int, peer: Path) -> None:
    stage = Stage(version, ordinary.SCENES.index(scene))
    path = peer / f"{scene.name}-v{version}.pcap"
    if scene.opened_before:
        stage.opened.append(stage.pair(stage.client, stage.server))
    words = (word.format(server=stage.server, ip={4: "ip", 6: "ip6"}[version]) for word in scene.capture)
    with tcpdump(path, *words, interface=scene.interface):
        scene.play(stage)
    declare(path, scene.shows, scene.due)


def _build(case: built.Built, version: int) -> None:
    folder = HOME / "hand-built"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{case.name}-v{version}.pcapng"
    built.write(case, version, path)
    declare(path, case.shows, case.due)


if __name__ == "__main__":
    main()
