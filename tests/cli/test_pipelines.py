"""What GitHub and GitLab run is what `make` and `.ci/service` run, and their scripts do as they should, played here."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "tests/container/README.md").read_text(encoding="utf-8")
WORKFLOW = ROOT / ".github/workflows/ci.yml"
ACTION = ROOT / ".github/actions/probe/action.yml"
REPORTS = ("xml", "md", "json", "jsonl", "pcapng")
TOLD = '#!/bin/sh\necho "$0" >>"$TOLD"; for word; do echo "$word" >>"$TOLD"; done\n'


def read(text: str) -> Any:  # noqa: ANN401  # whatever YAML holds
    return yaml.safe_load(text)


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """An environment in which sudo says no, and docker, make and probe write down how they are called."""
    for name, script in {"sudo": "#!/bin/sh\nexit 1\n", "docker": TOLD, "make": TOLD, "probe": TOLD}.items():
        (tmp_path / "bin").mkdir(exist_ok=True)
        (tmp_path / "bin" / name).write_text(script, encoding="ascii")
        (tmp_path / "bin" / name).chmod(0o755)
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    return {"PATH": path, "TOLD": str(tmp_path / "told"), "PROBE": str(tmp_path / "bin/probe"), "HOME": str(tmp_path)}


def bash(script: str, environment: dict[str, str], where: Path) -> list[str]:
    """Run it as GitHub's runner does; what was called."""
    command = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script]
    subprocess.run(command, env=environment, cwd=where, timeout=60, check=True)
    return Path(environment["TOLD"]).read_text(encoding="utf-8").splitlines()


def written(folder: str, name: str) -> list[str]:
    """The options of `.ci/service` for every report."""
    options = ("--junit", "--markdown", "--json", "--jsonl", "--save")
    return [w for o, kind in zip(options, REPORTS, strict=True) for w in (o, f"{folder}/{name}.{kind}")]


def test_the_workflow_runs_what_the_gate_runs() -> None:
    stages = re.findall(r"^stage (\w+)", (ROOT / ".ci/run").read_text(encoding="utf-8"), re.MULTILINE)
    jobs = read(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    runs = [step["run"] for step in jobs["gate"]["steps"] if "run" in step]
    assert [run for run in runs if not run.startswith("sudo apt-get")] == [f"make {stage}" for stage in stages]
    assert all(re.search(rf"^{stage}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M) for stage in stages)
    used = [step["uses"] for step in jobs["service"]["steps"] if step.get("uses", "").startswith(".")]
    assert [ROOT / path / "action.yml" for path in used] == [ACTION]
    wanted, offered = jobs["service"]["steps"][2]["with"], read(ACTION.read_text(encoding="utf-8"))["inputs"]
    assert set(wanted) <= set(offered)


def act(machine: dict[str, str], where: Path, **inputs: str) -> list[str]:
    """Play the action's step with these inputs."""
    action = read(ACTION.read_text(encoding="utf-8"))
    (step,) = action["runs"]["steps"]
    given = {name: inputs.get(name, spec.get("default", "")) for name, spec in action["inputs"].items()}
    context = {f"inputs.{name}": value for name, value in given.items()} | {"runner.temp": machine["HOME"]}
    extra = {k: re.sub(r"\$\{\{ (\S+) \}\}", lambda m: context[m[1]], v) for k, v in step["env"].items()}
    assert "${{" not in step["run"]  # it would be run, whatever it holds
    runner = {"GITHUB_ACTION_PATH": str(ACTION.parent), "RUNNER_TEMP": machine["HOME"], "GITHUB_ACTIONS": "true"}
    return bash(step["run"], {**machine, **runner, **extra}, where)


def test_the_action_checks_the_targets_inside_the_container(machine: dict[str, str], tmp_path: Path) -> None:
    probe = tmp_path / "probe/bin/probe"
    probe.parent.mkdir(parents=True)
    probe.write_text(TOLD, encoding="ascii")
    probe.chmod(0o755)
    (tmp_path / "[a]:80 b").touch()  # what a pattern would find
    called = act(machine, tmp_path, container="web", target="127.0.0.1:80 [::1]:80", args="--no-wait --only close-*")
    arguments = ["--container", "web", "127.0.0.1:80", "[::1]:80", "--no-wait", "--only", "close-*"]
    assert called == [str(probe), "check", *arguments, *written("probe-reports", "web")]
    assert (tmp_path / "probe-reports").is_dir()


def test_the_action_runs_no_input(machine: dict[str, str], tmp_path: Path) -> None:
    probe = tmp_path / "probe/bin/probe"
    probe.parent.mkdir(parents=True)
    probe.write_text(TOLD, encoding="ascii")
    probe.chmod(0o755)
    called = act(machine, tmp_path, target='$(touch${IFS}x);`touch${IFS}y`"', reports="a b")
    assert called == [str(probe), "check", '$(touch${IFS}x);`touch${IFS}y`"', *written("a b", "service")]
    assert not (tmp_path / "x").exists()


def test_the_action_installs_this_repository_first(machine: dict[str, str], tmp_path: Path) -> None:
    """With stand-ins for the interpreter and pip; `make container` installs for real."""
    pip = tmp_path / "pip"
    pip.write_text(f'{TOLD}cp "{machine["PROBE"]}" "$HOME/probe/bin/probe"\n', encoding="ascii")
    pip.chmod(0o755)
    python = tmp_path / "bin/python3"
    python.write_text(f'{TOLD}mkdir -p "$3/bin" && cp "{pip}" "$3/bin/pip"\n', encoding="ascii")
    python.chmod(0o755)
    called = act(machine, tmp_path, target="127.0.0.1:80")
    environment = str(tmp_path / "probe")
    assert called[:4] == [str(python), "-m", "venv", environment]
    assert called[4:7] == [f"{environment}/bin/pip", "install", "--quiet"]
    assert Path(called[7]).resolve() == ROOT
    assert called[8:] == [f"{environment}/bin/probe", "check", "127.0.0.1:80", *written("probe-reports", "service")]


def test_gitlabs_job_of_the_readme(machine: dict[str, str], tmp_path: Path) -> None:
    found = re.search(r"^On GitLab.*?```yaml\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    job = read(found[1])["tcp"]
    (tmp_path / "probe").symlink_to(ROOT)  # where the job has this repository
    called = bash("\n".join([*job["script"], *job["after_script"]]), machine, tmp_path)
    names = [Path(word).name for word in called if word.startswith(machine["PROBE"].removesuffix("probe"))]
    assert names == ["docker", "make", "probe", "docker"]
    check = ["check", "--container", "web", "127.0.0.1:80", *written("reports", "web")]
    assert called[called.index(machine["PROBE"]) + 1 :][: len(check)] == check
    assert (tmp_path / "reports").is_dir()
    assert job["artifacts"]["reports"]["junit"] == "reports/web.xml"
    assert job["artifacts"]["paths"] == ["reports"]


def test_githubs_step_of_the_readme_names_inputs_there_are() -> None:
    found = re.search(r"^\*\*In a pipeline.\*\*.*?```yaml\n(.*?)```", README, re.DOTALL | re.MULTILINE)
    assert found is not None
    _, step = read(found[1])
    assert step["uses"].partition("@")[0].endswith("/.github/actions/probe")
    inputs = read(ACTION.read_text(encoding="utf-8"))["inputs"]
    assert {name for name, spec in inputs.items() if spec.get("required")} <= set(step["with"]) <= set(inputs)


@pytest.mark.parametrize(
    ("options", "setting", "installed", "code"),
    [
        ([], {}, False, 0),
        ([], {"CI": "true"}, True, 0),
        ([], {"PROBE_LIVE": "require"}, True, 1),
        (["--install"], {}, True, 1),
    ],
)
def test_system_packages_are_installed_only_when_told_to_or_in_ci(
    options: list[str], setting: dict[str, str], installed: bool, code: int, machine: dict[str, str], tmp_path: Path
) -> None:
    """With stand-ins for all that would change this machine; what is still missing then is demanded, or named."""
    for name in ("apt-get", "tee", "chmod", "rm"):
        (tmp_path / "bin" / name).write_text(TOLD, encoding="ascii")
    (tmp_path / "bin/sudo").write_text('#!/bin/sh\nshift; exec "$@"\n', encoding="ascii")
    for path in (tmp_path / "bin").iterdir():
        path.chmod(0o755)
    command = [str(ROOT / ".ci/system-packages"), *options, "sh:sh", "no-such-command:no-such-package"]
    done = subprocess.run(command, env=machine | setting, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == code
    assert "missing system packages: no-such-package\n" in done.stderr
    assert ("`make system` installs them" in done.stderr) == (code == 0)
    told = Path(machine["TOLD"])
    called = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    assert [name in called for name in ("install", "no-such-package")] == [installed] * 2
