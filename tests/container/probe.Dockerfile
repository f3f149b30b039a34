# probe in a container, for an ordinary user with no right but NET_RAW. From the top of the repository:
#
#   docker build -f tests/container/probe.Dockerfile -t probe .
#   docker run --rm --network container:SERVICE --cap-drop ALL --cap-add NET_RAW probe check 127.0.0.1:80
ARG BASE=python:3.12-slim
FROM ${BASE}
# Wheels beside the source (tests/container/run puts them there) serve where no package index can be reached.
COPY pyproject.toml README.md LICENSE wheels* /src/
COPY probe /src/probe
# An ordinary user gets nothing from --cap-add alone: Docker sets no ambient capabilities. So the interpreter's file
# grants it. Permitted only (no "effective" flag): exec would fail, without a word, where the container lacks the right.
# The extended attribute is struct vfs_cap_data (capabilities(7)): revision 2, bit 13 in the permitted set.
# One interpreter under three names instead of three copies; what no user of the image needs goes.
RUN python3 -m venv --copies /opt/probe \
 && if ls /src/*.whl >/dev/null 2>&1; \
    then /opt/probe/bin/pip install --no-cache-dir --no-index --find-links /src handshake-probe; \
    else /opt/probe/bin/pip install --no-cache-dir /src; fi \
 && cd /opt/probe/lib/python3*/site-packages && rm -rf /src pip* setuptools* pkg_resources _distutils_hack* distutils-* \
 && find numpy -type d -name tests -prune -exec rm -rf {} + \
 && cd /opt/probe/bin && for name in python python3.*; do ln -f python3 "$name"; done \
 && python3 -c 'import glob, os, struct; right = struct.pack("<5I", 0x02000000, 1 << 13, 0, 0, 0); \
[os.setxattr(file, "security.capability", right) for file in glob.glob("/opt/probe/bin/python*")]'
USER 1000:1000
ENV HOME=/tmp
WORKDIR /tmp
ENTRYPOINT ["/opt/probe/bin/probe"]
