"""Our initial sequence number is 2^32-3: every number of the exchange is counted modulo 2^32."""

from dataclasses import replace

from probe.scenarios.opening import isn_zero

SCENARIO = replace(isn_zero.SCENARIO, id="isn-wraps", title="our ISN is 2^32-3", iss=-100003)
