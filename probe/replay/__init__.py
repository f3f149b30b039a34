"""Replay: captured traffic to verdicts on every TCP connection in it, a million packets in seconds.

A file is judged as arrays, never packet by packet. Its segments become rows, rows become connections, and the middle of
each (data and acknowledgments in order) is folded away. What is left has a *shape*: which segments with which flags
came from which end, and how their numbers lie to one another. Of each distinct shape one connection is judged by the
same engine that judges live peers; its record holds for all others. Big files are cut into parts for many processes.

In reading order:

- ``syn_options``, ``rows``: segments as arrays without the file's octets; rows grouped by connection.
- ``splitting``: where in the segments of a four-tuple a new connection begins.
- ``folding``: what of a connection may be forgotten without changing its verdict.
- ``cutting``: what is left of one that is long and not in order, and what is lost with the rest.
- ``icmp``: ICMP errors attached to the connections whose segments they quote.
- ``assembling``: chunks to connections; holds no more than what is still open.
- ``shapes``, ``judging``, ``describing``: which connections are alike; one of each kind judged, and what a list says.
- ``timeline``: when connections opened and ended.
- ``expected``, ``troubles``, ``tally``: which deviations were expected; what ended badly, by server and cause;
  connections counted, the worst listed.
- ``part``, ``joining``: one part of a file, and connections that run over a cut made whole again.
- ``run``, ``workers``, ``cluster``, ``deadline``: all files, on the processes of this machine or of a Dask cluster.
- ``extracting``, ``excerpts``: one connection by its number, and segments for drawings, by a second look at the file.
- ``flow`` tells how a connection opened and closed, and why it ended, ``views`` what Zeek and Wireshark say of it.

For example::

    from probe.replay.run import ReplayOptions, replay

    found = replay(ReplayOptions(files=("http.pcap",)))
    for connection in found.listed:
        print(connection.client, connection.handshake, connection.close, connection.verdict)
"""
