"""How one connection was opened and closed, why it ended, and what its record lacks, told from its segments alone.

This is no judgement: nothing here knows what RFC 9293 permits. It is the summary that a report shows of every
connection, and it holds for records with holes, of one direction, or that start in mid-connection. A capture is taken
at one point of the path, so the order in the record is not the order at either end: what was sent when is told by the
sequence and acknowledgment numbers. All walks are O(n) for records in order.

In reading order:

- ``opening``: who sent which SYN, which answer fits, how long it took.
- ``closing``: FINs and RSTs by the octets that each end sent and the other acknowledged.
- ``outcome``: both together; its docstring defines every word for open, close and evidence.
- ``ending``: why it ended, or did not: the causes that its segments leave.

- ``oddities``: what is strange in it, and no verdict.

For example::

    from probe.replay.flow.outcome import summary

    found = summary(packets)  # `probe.results.connection.Packet`, in the order of the record
    print(found.opener, found.handshake, found.close, found.evidence)  # client followed four-way complete
"""
