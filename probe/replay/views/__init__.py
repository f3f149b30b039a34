"""How two other tools see a connection, so that users can hold our verdict against what they know.

Both views follow the other tool, looseness included; where they must differ, the file says so. Neither is judged by,
with one exception: ``wireshark.starts_new`` is the rule for which segments of a four-tuple are one connection, here
and in all of replay, so that stream numbers agree.

In reading order:

- ``wireshark``: when a segment begins a new stream; the completeness number of a stream (1 SYN, 2 SYN,ACK, 4 ACK,
  8 DATA, 16 FIN, 32 RST).
- ``zeek``: the ``conn_state`` and ``history`` of conn.log, read as Zeek's TCP analyzer fills them.

For example::

    from probe.replay.views.wireshark import completeness
    from probe.replay.views.zeek import zeek

    print(completeness(packets))  # 31: opened, data, closed by FIN
    print(zeek(packets).conn_state, zeek(packets).history)  # SF ShADadFaf
"""
