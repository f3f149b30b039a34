"""Capture files to columns: what every TCP segment in a pcap or pcapng file says, as NumPy arrays; nothing else.

No connection is known here, and nothing is judged. A file of any length is read in bounded memory, a few megabytes at
a time; one big file can be cut into parts that processes read at once. What is no TCP segment is counted by reason.

In reading order, from octets to arrays:

- ``errors``: the error of a file that cannot be read, or not to its end; it names the octet.
- ``sources``: files, folders and standard input to streams of octets; gzip; what a file is by its first octets.
- ``window``: a buffer that slides along such a stream.
- ``batch``: records as arrays: where each packet lies and what the file says of it.
- ``pcap``, ``pcapng``: the two formats: windows to batches.
- ``layers``: link types, tags and tunnels: where the IP header of each packet starts.
- ``fragments``: fragments of IP datagrams to whole ones, in bounded memory.
- ``tables``: one 64-bit key for a pair of endpoints, the same for both directions.
- ``icmp``: ICMP errors that quote a segment.
- ``columns``: a batch to one entry for each TCP segment: fast for ordinary packets, exact for the others.
- ``reader``: one file, or one part of it, to chunks of columns; any single packet in full.
- ``cuts``: where one big file can be cut.

For example::

    from probe.capture.reader import Reading

    reading = Reading("http.pcap")
    for chunk in reading:
        print(len(chunk), "segments, SYNs:", (chunk.columns.flags & 2 != 0).sum())
    print(reading.records, "records;", dict(reading.skipped))
"""
