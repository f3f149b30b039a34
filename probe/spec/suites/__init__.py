"""Other conformance suites, case by case: what shows each here, or why nothing does.

- ``suite``         one case, and a suite of them
- ``tc8``           OPEN Alliance TC8, which tests ECUs
- ``packetimpact``  gVisor's, which tests its netstack beside Linux
- ``kselftest``     Linux's own packetdrill scripts

Each is the part of its suite about open, close, reset and validity, and the rest by name.
"""

from __future__ import annotations

from probe.spec.suites.kselftest import KSELFTEST
from probe.spec.suites.packetimpact import PACKETIMPACT
from probe.spec.suites.suite import Suite
from probe.spec.suites.tc8 import TC8

SUITES: dict[str, Suite] = {suite.id: suite for suite in (TC8, PACKETIMPACT, KSELFTEST)}
