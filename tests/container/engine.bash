# Docker for tests/container/run: the engine that answers, or one of our own in a folder that goes when we do.
# Sourced. Sets $work, $run, $network (how images are built) and $base, $nginx_base (what they are built on).

die() { echo "make container: $1" >&2; exit 4; }
say() { echo "-- $1"; }
as_root() { if [[ $EUID == 0 ]]; then "$@"; else sudo -n --preserve-env=DOCKER_HOST "$@"; fi; }
# Not `kill -0`: within a trap the shell does not reap, and a process that has ended would seem to be there.
alive() { grep -qs '^State:[[:space:]]*[^ZX]' "/proc/$1/status"; }
answers() { timeout --foreground 10 docker version --format '{{.Server.Version}}' >/dev/null 2>&1; }

# COMMAND...: run it, and end as it does. The shell heeds a signal only when the command it waits for has ended, which a
# build or a check may do much later, and whoever ends a job waits for seconds. So the work is a group of processes of its
# own, and all of it gets what reaches us.
at_once() {
  local code=0
  set -m
  "$@" </dev/null &
  set +m
  group=$!
  trap 'forward INT' INT
  trap 'forward TERM' TERM HUP
  while code=0; do # a signal ends the wait, too
    wait "$group" || code=$?
    alive "$group" || return "$code"
  done
}

forward() { # what sudo started is root's
  as_root kill "-$1" -- "-$group" 2>/dev/null || kill "-$1" -- "-$group" 2>/dev/null || true
}

# A folder that goes when we do, and with it what an engine of our own kept. Images and containers carry $run in their names.
begin() {
  work=$(mktemp -d "${TMPDIR:-/tmp}/probe-container.XXXXXX") run=probe-ci-$$ daemon= pulled=()
  trap clean_up EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  chmod 755 "$work" # the ordinary user of a container goes through it to the reports
}

clean_up() {
  local code=$? of
  trap '' INT TERM
  trap - EXIT
  if answers; then
    of=$(docker ps -aq --filter "name=$run")
    [[ -z $of ]] || docker rm --force $of >/dev/null 2>&1 || true
    of=$(docker images --format '{{.Repository}}:{{.Tag}}' | grep "^$run" || true)
    [[ -z $of ]] || docker rmi --force $of >/dev/null 2>&1 || true
    [[ ${#pulled[@]} == 0 ]] || docker rmi "${pulled[@]}" >/dev/null 2>&1 || true
  fi
  [[ -z $daemon ]] || stop_engine
  awk -v at="$work/" 'index($2, at) == 1 {print $2}' /proc/mounts | sort -r | as_root xargs -r umount --lazy 2>/dev/null || true
  rm -rf --one-file-system "$work" 2>/dev/null || as_root rm -rf --one-file-system "$work"
  exit "$code"
}

stop_engine() {
  local until=$((SECONDS + 20))
  kill "$daemon" 2>/dev/null || true
  while alive "$daemon" && ((SECONDS < until)); do read -rt 0.1 <> <(:) || true; done
  kill -KILL -- "-$daemon" 2>/dev/null || true # what is left of its session
  wait "$daemon" 2>/dev/null || true
}

engine() {
  command -v docker >/dev/null && answers && { say "Docker $(docker version --format '{{.Server.Version}}') answers"; return; }
  [[ -z ${DOCKER_HOST:-} ]] || die "no Docker engine answers at $DOCKER_HOST: start it, or unset DOCKER_HOST"
  [[ $EUID == 0 ]] || die "no Docker engine answers and starting one needs root: start it, or use \`sudo make container\`"
  .ci/system-packages --install dockerd:docker.io mmdebstrap:mmdebstrap || true # said below
  command -v dockerd >/dev/null || die "it needs a Docker engine: apt-get install --no-install-recommends docker.io"
  export DOCKER_HOST=unix://$work/docker.sock
  echo '{}' >"$work/daemon.json" # instead of the machine's own settings, which could contradict the options
  # The storage driver is left to the engine: overlay2 where the file system bears it, else vfs. No bridge and no
  # firewall rule is made: containers here have a loopback or their neighbour's network. A group of processes of its
  # own: Ctrl-C reaches us, and we stop the engine when its containers are gone.
  setsid dockerd --host "$DOCKER_HOST" --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" \
    --config-file "$work/daemon.json" --bridge=none --iptables=false --ip6tables=false ${PROBE_DOCKERD:-} \
    >"$work/dockerd.log" 2>&1 &
  daemon=$!
  local until=$((SECONDS + 60))
  until answers; do
    alive "$daemon" && ((SECONDS < until)) || { tail -n 3 "$work/dockerd.log" >&2; die "dockerd did not start here: its last words are above"; }
    read -rt 0.2 <> <(:) || true
  done
  say "Docker $(docker version --format '{{.Server.Version}}') started, storage $(docker info --format '{{.Driver}}')"
}

# The images' base: $BASE or Python's and nginx's own where a registry can be reached, else made of Debian packages.
bases() {
  network=()
  base=${BASE:-python:3.12-slim} nginx_base=${NGINX_BASE:-nginx:stable}
  pull "$base" && pull "$nginx_base" && return
  [[ -z ${BASE:-} ]] || die "cannot pull $BASE: give a BASE that a registry within reach has"
  command -v mmdebstrap >/dev/null || .ci/system-packages --install mmdebstrap:mmdebstrap || true
  command -v mmdebstrap >/dev/null ||
    die "no image can be pulled, and making one needs mmdebstrap: apt-get install --no-install-recommends mmdebstrap"
  say "no registry can be reached: a base image of Debian packages"
  local suite
  suite=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
  sed -s '$a\' /etc/apt/sources.list.d/*.sources 2>/dev/null >"$work/base.sources" || true
  grep -sh '^deb ' /etc/apt/sources.list /etc/apt/sources.list.d/*.list >"$work/base.list" || true
  local lists=()
  for list in "$work"/base.{sources,list}; do [[ ! -s $list ]] || lists+=("$list"); done
  # Interrupted, it leaves what it has in TMPDIR behind: that goes with our folder. NumPy needs libstdc++, which a Debian
  # with apt always has.
  as_root env TMPDIR="$work" mmdebstrap --quiet --variant=essential --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include=python3-venv,libstdc++6,nginx-light "$suite" "$work/base.tar" "${lists[@]}" >"$work/base.log" 2>&1 ||
    { tail -n 5 "$work/base.log" >&2; die "no base image could be made of Debian packages: apt's words are above"; }
  docker import "$work/base.tar" "$run-base" >/dev/null
  rm "$work/base.tar"
  base=$run-base nginx_base=$run-base network=(--network none)
}

pull() {
  docker image inspect "$1" >/dev/null 2>&1 && return
  timeout --foreground "${PULL_PATIENCE:-60}" docker pull --quiet "$1" >/dev/null 2>&1 || return
  pulled+=("$1")
}
