"""Documents that say what is no longer true are worse than none. What can be compared with the code is compared here."""

from __future__ import annotations

import importlib
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from pydantic import BaseModel, TypeAdapter
from pydantic_core import PydanticUndefined

from cli.main import app
from qsm.hosts import needs
from qsm.hosts.operations import OPERATIONS
from qsm.plan.state_transfer import StateTransfer
from qsm.plan.windows import AgreedWindow
from qsm.settings import HostSettings, Settings, TimeLimits, load_settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLE = ROOT / "docs" / "qsm.example.toml"
DECISIONS = ROOT / "docs" / "decisions"
BUILT = {".git", ".venv", ".mypy_cache", ".ruff_cache", ".pytest_cache", "__pycache__", "reports", ".lab"}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def read(path: Path | str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def table(text: str, head: str) -> list[tuple[str, ...]]:
    """The rows of the first table with that head line."""
    lines = text[text.index(head) :].splitlines()[2:]
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append(tuple(cell.strip() for cell in line.strip("|").split("|")))
    return rows


def shell_lines(path: Path) -> Iterator[str]:
    """Commands in the shell blocks of a document, continued lines joined, without comments."""
    for block in re.findall(r"^ *```sh\n(.*?)^ *```", read(path), re.S | re.M):
        for line in block.replace("\\\n", " ").splitlines():
            command = re.sub(r"(^|\s)#.*", "", line).strip()
            if command:
                yield command


# --- settings


SECTIONS: dict[str, type[BaseModel]] = {
    "": Settings,
    "limits": TimeLimits,
    "hosts.hv01": HostSettings,
    "windows.nights": AgreedWindow,
}


def example_keys() -> Iterator[tuple[str, str, str]]:
    """Section, key and value text of every setting in the example; those that are commented out as well."""
    section = ""
    for line in EXAMPLE.read_text(encoding="utf-8").splitlines():
        if head := re.fullmatch(r"\[(.+)\]", line):
            section = head[1]
        elif found := re.match(r"#?([a-z_]+) = (.+?)(?:\s+#.*)?$", line):
            yield section, found[1], found[2]


@pytest.mark.parametrize("section", SECTIONS)
def test_the_example_shows_every_setting_and_no_other(section: str) -> None:
    fields = set(SECTIONS[section].model_fields)
    if not section:  # its tables have sections of their own
        fields -= {"hosts", "limits", "windows"}
    assert {key for where, key, _ in example_keys() if where == section} == fields


def test_the_example_shows_the_defaults() -> None:
    lines = set(EXAMPLE.read_text(encoding="utf-8").splitlines())
    shown = 0
    for section, key, value in example_keys():
        field = SECTIONS.get(section, HostSettings).model_fields[key]
        if f"#{key} = {value}" in lines and field.default not in (None, "", PydanticUndefined):
            default = TypeAdapter(field.annotation).dump_python(
                field.get_default(call_default_factory=True), mode="json"
            )
            written = TypeAdapter(Any).dump_python(tomllib.loads(f"x = {value}")["x"], mode="json")
            assert written == default, f"{section}.{key}"
            shown += 1
    assert shown > 12


def settings_texts() -> list[tuple[str, str]]:
    blocks = re.findall(r"```toml\n(.*?)```", read("README.md"), re.S)
    return [("example", EXAMPLE.read_text(encoding="utf-8")), *((f"README {i}", text) for i, text in enumerate(blocks))]


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in settings_texts()])
def test_settings_in_documents_can_be_read(text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [name for name in os.environ if name.startswith("QSM_")]:
        monkeypatch.delenv(variable)
    file = tmp_path / "qsm.toml"
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("QSM_CONFIG", str(file))
    load_settings.cache_clear()
    try:
        assert set(load_settings().hosts) == {"hv01", "hv02"}
    finally:
        load_settings.cache_clear()


# --- commands


def test_exit_codes_are_those_of_the_code() -> None:
    from cli import exits

    told = table(read("README.md"), "| code | meaning |")
    assert told == table(exits.__doc__ or "", "| code | meaning |")
    codes = {value for name, value in vars(exits).items() if name.isupper() and isinstance(value, int)}
    assert {int(code) for code, _ in told} == codes | {0}


def qsm_commands() -> list[tuple[str, str]]:
    return [(name_of(path), line) for path in DOCUMENTS for line in shell_lines(path) if line.startswith("qsm ")]


@pytest.mark.parametrize(("where", "line"), qsm_commands())
def test_commands_in_documents_exist(where: str, line: str) -> None:
    command: Any = typer.main.get_command(app)
    words = line.split()[1:]
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    assert not hasattr(command, "commands"), f"{where}: {line} names no command"
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert {word for word in words if word.startswith("--")} <= known, f"{where}: {line}"


def test_options_named_in_the_readme_exist() -> None:
    command: Any = typer.main.get_command(app)
    options = {
        option
        for group in (command, *(c for c in command.commands.values() if hasattr(c, "commands")))
        for each in group.commands.values()
        for parameter in each.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    named = set(re.findall(r"`(--[a-z-]+)", read("README.md")))
    assert named
    assert named <= options
    for value in re.findall(r"`--state-transfer (\w+)`", read("README.md")):
        assert value in list(StateTransfer)


def test_make_targets_named_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", read("Makefile"), re.M))
    named = {word for path in DOCUMENTS for word in re.findall(r"[`\n]make ([a-z]+)", read(path))}
    assert {"demo", "test", "lint"} <= named <= targets


# --- deployments


KNOWN_KEYS = {
    "name", "description", "entrypoint", "work_pool", "pull", "tags", "parameters", "schedules", "version", "triggers", "paused",
    "concurrency_limit", "enforce_parameter_schema",
}  # fmt: skip
"""Prefect ignores a key that it does not know without a word."""
REQUIRED = {"vm": "sql-01", "source": "hv01", "target": "hv02", "target_folder": "D:\\VMs\\sql-01"}
PREFECT = yaml.safe_load(read("prefect.yaml"))


def flow_of(deployment: dict[str, Any]) -> Any:
    module, _, name = deployment["entrypoint"].partition(":")
    return getattr(importlib.import_module(module), name)


@pytest.mark.parametrize("deployment", PREFECT["deployments"], ids=lambda deployment: str(deployment["name"]))
def test_deployments_can_be_loaded_and_their_parameters_fit(deployment: dict[str, Any]) -> None:
    from prefect import Flow

    assert set(deployment) <= KNOWN_KEYS
    assert set(deployment["work_pool"]) <= {"name", "work_queue_name", "job_variables"}
    assert deployment["pull"] == [], "without it the path of the deploying machine is baked in"
    flow = flow_of(deployment)
    assert isinstance(flow, Flow)
    assert deployment["name"] == flow.name
    schema = flow.parameters if isinstance(flow.parameters, dict) else flow.parameters.model_dump()
    undescribed = [name for name, about in schema["properties"].items() if not about.get("description")]
    assert not undescribed, "the form in the UI shows each parameter with its help"
    given = {name: value for name, value in REQUIRED.items() if name in schema["properties"]}
    given |= deployment.get("parameters", {})
    flow.validate_parameters(given)
    for schedule in deployment.get("schedules", []):
        flow.validate_parameters(given | schedule.get("parameters", {}))


def test_deployments_named_in_documents_exist() -> None:
    known = {f"{flow_of(deployment).name}/{deployment['name']}" for deployment in PREFECT["deployments"]}
    texts = "\n".join(read(path) for path in DOCUMENTS)
    named = set(re.findall(r"prefect deployment run '?([a-z-]+/[a-z-]+)", texts))
    assert named
    assert named <= known
    pools = {deployment["work_pool"]["name"] for deployment in PREFECT["deployments"]}
    assert set(re.findall(r"prefect work-pool \w+ ([a-z]+)", texts)) <= pools
    assert set(re.findall(r"--pool ([a-z]+)", texts)) <= pools


def test_a_lost_run_is_found_by_the_sign_of_life_that_runs_give() -> None:
    from deployments import lost_runs

    within = lost_runs.wanted().trigger.within.total_seconds()  # type: ignore[union-attr]
    for deployment in PREFECT["deployments"]:
        beat = int(deployment["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
        assert within >= 3 * beat


# --- links, names, words


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", read(path), flags=re.S), re.M)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name_of)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)\s]+)\)", read(path)):
        if link.startswith("https://"):
            continue
        file, _, anchor = link.partition("#")
        goal = (path.parent / file).resolve() if file else path
        assert goal.exists(), link
        assert not anchor or anchor in anchors(goal), link


PLACES = (
    "qsm",
    "cli",
    "tasks",
    "flows",
    "lab",
    "deployments",
    "tests",
    "docs",
    "bench",
    "QuickStorageMigration",
    ".ci",
)


def paths_named(path: Path) -> Iterator[str]:
    """Files and folders of this repository that a document names in backticks, as `qsm/steps/` or `tests/unit/test_docs.py`."""
    for quoted in re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", read(path), flags=re.S)):
        if quoted.split("/")[0] in PLACES and re.fullmatch(r"[\w./-]+/[\w./-]*", quoted):
            yield quoted


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.name != "CHANGELOG.md"], ids=name_of)
def test_paths_named_in_documents_exist(path: Path) -> None:
    roots = (ROOT, ROOT / "qsm" / "powershell")
    assert [named for named in paths_named(path) if not any((root / named).exists() for root in roots)] == []


def test_steps_in_the_readme_are_those_of_the_flow() -> None:
    drawing = read("README.md").partition("## How it goes")[2].partition("```\n")[2].partition("```")[0]
    steps = [path.stem for path in (ROOT / "qsm" / "steps").glob("[a-z]*.py")]
    drawn = re.findall(r"^.{12}([a-z]+(?:_[a-z]+)*) [ .]", drawing, re.M)
    assert sorted(drawn) == sorted(steps)
    flow = read("flows/migrate_vm.py").partition("with Publisher")[2]
    assert sorted(drawn, key=lambda step: flow.index(step.removesuffix("s"))) == drawn


def test_documents_named_in_messages_have_that_section() -> None:
    seen = 0
    for source in [*ROOT.glob("qsm/**/*.py"), *ROOT.glob("cli/*.py")]:
        for file, section in re.findall(r"(docs/[\w/]+\.md), '([^']+)'", read(source)):
            titles = re.findall(r"^#+ (.+)$", read(file), re.M)
            assert any(title.startswith(section) for title in titles), f"{name_of(source)}: {file}, '{section}'"
            seen += 1
    assert seen


def test_every_line_of_check_hosts_is_explained() -> None:
    source = read("qsm/care/check_hosts.py")
    points = {need.point for need in (*needs.OF_HOST, *needs.OF_PAIR)} | set(re.findall(r'\bpoint="([^"]+)"', source))
    explained = {cell.strip("`") for cell, _ in table(read("docs/hosts.md"), "| line of `qsm check hosts` | section |")}
    assert explained == points


def test_error_ids_named_are_those_of_the_contract() -> None:
    known = {error for operation in OPERATIONS.values() for error in operation.error_ids}
    known |= {
        name for row in table(read("docs/contract.md"), "| id | category | facts |") for name in row[0].split(", ")
    }
    named = set(re.findall(r"`((?:[A-Z][a-z]+){2,})`", read("docs/runbook.md"))) - {"PausedCritical"}
    named |= {
        cell.split("`")[1] for cell, _ in table(read("docs/hosts.md"), "| it says | look at |") if cell.startswith("`")
    }
    assert {"MayHaveRun", "WorldChanged", "ShareFailed"} <= named <= known


def test_every_decision_has_date_and_status_and_is_listed() -> None:
    pages = sorted(DECISIONS.glob("[0-9]*.md"))
    listed = re.findall(r"\]\((\d{4}-[\w-]+\.md)\)", read(DECISIONS / "README.md"))
    assert listed == [page.name for page in pages]
    for number, page in enumerate(pages, start=1):
        lines = read(page).splitlines()
        assert page.name.startswith(f"{number:04d}-")
        assert lines[0].startswith(f"# {number}. ")
        assert re.fullmatch(r"Date: \d{4}-\d\d-\d\d", lines[2])
        assert re.fullmatch(r"Status: \w.+", lines[3])


def test_the_changelog_has_the_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert re.findall(r"^## (\d\S+)", read("CHANGELOG.md"), re.M)[0] == version


def project_files() -> Iterator[Path]:
    for path in sorted(ROOT.rglob("*")):
        if path.is_file() and not BUILT & set(path.relative_to(ROOT).parts):
            yield path


FOREIGN = ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/", "py" + "pi.org", "python" + "hosted", "local" + "host:3141"]
"""Paths of a machine and hosts of a registry: nothing that is the same elsewhere."""


def test_nothing_names_the_machine_it_was_written_on() -> None:
    wrong = []
    for path in project_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        wrong += [f"{name_of(path)}: {word}" for word in FOREIGN if word in text]
        if (
            "../sha" + "red" in text and path.parent.name != ".ci"
        ):  # where the tests' engine may lie beside the checkout
            wrong.append(f"{name_of(path)}: a folder beside the checkout")
    assert not wrong


@pytest.mark.parametrize("name", ["run", "find-powershell"])
def test_scripts_of_ci_are_programs_that_bash_can_read(name: str) -> None:
    script = ROOT / ".ci" / name
    assert os.access(script, os.X_OK)
    assert "set -euo pipefail" in read(script)
    subprocess.run(["bash", "-n", str(script)], check=True)
