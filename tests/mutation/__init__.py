"""Mistakes put into our own code, one at a time: which of them do the tests not notice?

``tests/mutants`` asks whether a peer's mistake is found; this asks it of ``probe.spec`` and ``probe.engine``. Each
mutant is one small change of their source, made while the module is loaded in a process of its own: no file is touched.
It meets the tests that run its function, the quickest first, until one fails. In reading order:

- ``sites``      every place that can be changed, and how; a sample of them by seed
- ``reach``      which tests run which functions, and how long each takes, learnt in one run
- ``trial``      one mutant against its tests, in a process of its own
- ``equivalent`` survivors that were read: changes that change nothing that counts, each with its reason

A sample of forty, with a map of the tests that is kept for the next run::

    python -m tests.mutation --sample 40 --seed 1 --map /tmp/map.json

Nothing here imports ``probe``: what is loaded already could not be changed any more.
"""
