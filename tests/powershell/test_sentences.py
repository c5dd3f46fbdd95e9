"""The sentences of errors stand once: the module names them, the lab's Python engine too, and means the same by them."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine import EngineSession, ScriptError
from scripts import all_scripts

from lab.engines.python.operations import errors
from lab.host.sentences import because, say
from lab.platform.errors import PlatformError
from qsm.hosts.operations import MODULE_FOLDER

SENTENCES: dict[str, str] = json.loads((MODULE_FOLDER / "Messages.json").read_text("ascii"))
ENGINE = [ast.parse(path.read_text("utf-8")) for path in Path(errors.__file__).parents[1].rglob("*.py")]
MAKERS = ("New-QsmError", "New-QsmOwnerError", "ConvertTo-QsmFailure")
NAMED_BY_SCOPE = {"sentence", "act", "name"}
"""Parameters of functions of the engine that are the name of a sentence."""


def sources() -> Iterator[str]:
    for script in all_scripts():
        yield re.sub(r"<#.*?#>", "", script.text, flags=re.DOTALL)


def of_the_module() -> set[str]:
    """Names that the module uses: of parts of a sentence, and of errors."""
    found = set()
    for source in sources():
        found |= set(re.findall(r"Get-QsmText -Name '(\w+)'", source))
        found |= set(re.findall(r"(?:New-Qsm(?:Owner)?Error|ConvertTo-QsmFailure) .*-Text '(\w+)'", source))
        found |= set(re.findall(r"'(obstacle_\w+|unforeseen\w*)'", source))
    return found


def errors_of_the_module() -> set[tuple[str, str]]:
    """Ids of errors with the names of their sentences."""
    found = set()
    for source in sources():
        found |= set(re.findall(rf"(?:{'|'.join(MAKERS)}) .*-Id '(\w+)'.* -Text '(\w+)'", source))
    return found


def constant(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def called(node: ast.AST) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def said(node: ast.AST) -> set[str]:
    """Names of the sentences that an expression may be."""
    says = [each for each in ast.walk(node) if called(each) == "say"]
    return {
        name
        for call in says
        if isinstance(call, ast.Call)
        for choice in ast.walk(call.args[0])
        if (name := constant(choice) if isinstance(choice, ast.expr) else None) is not None
    }


def of_the_engine() -> set[str]:
    return {name for tree in ENGINE for name in said(tree)}


def errors_of_the_engine() -> set[tuple[str, str]]:
    found = set()
    for tree in ENGINE:
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            held = {
                target.id: said(node.value)
                for node in ast.walk(function)
                if isinstance(node, ast.Assign)
                for target in node.targets
                if isinstance(target, ast.Name)
            }
            for call in (node for node in ast.walk(function) if isinstance(node, ast.Call)):
                found |= {(error_id, name) for error_id, names in made(call, held) for name in names}
    return found


def made(call: ast.Call, held: dict[str, set[str]]) -> Iterator[tuple[str, set[str]]]:
    """Id and sentences of the error that a call makes."""
    if called(call) in ("refused", "failed", "unknown"):
        error_id, message = constant(call.args[0]), call.args[1]
        if error_id is not None:
            # The first sentence of a nest is the whole one; those within are its parts.
            names = held.get(message.id, set()) if isinstance(message, ast.Name) else outermost(message)
            yield error_id, names
    elif called(call) == "owner_error":
        error_id, name = constant(call.args[2]), constant(call.args[3])
        if error_id is not None and name is not None:
            yield error_id, {name}


def outermost(node: ast.expr) -> set[str]:
    if isinstance(node, ast.IfExp):
        return outermost(node.body) | outermost(node.orelse)
    name = constant(node.args[0]) if isinstance(node, ast.Call) and called(node) == "say" else None
    return {name} if name else set()


def test_every_sentence_is_said_by_the_module() -> None:
    assert of_the_module() == set(SENTENCES)


def test_the_engine_has_no_sentence_that_no_host_says() -> None:
    assert of_the_engine() <= set(SENTENCES)
    made_there, made_here = errors_of_the_module(), errors_of_the_engine()
    assert len(made_here) > 60
    assert made_here <= made_there, sorted(made_here - made_there)


@pytest.mark.parametrize("name", sorted(SENTENCES))
def test_the_engine_of_powershell_says_what_the_engine_of_python_says(shared_session: EngineSession, name: str) -> None:
    values = {place: f"{{host}} 'x' $y {number}" for number, place in enumerate(places(name))}
    told = json.dumps(values).replace("'", "''")
    script = f"""
        $values = @{{}}
        foreach ($one in (ConvertFrom-QsmJson -Text '{told}').PSObject.Properties) {{ $values[$one.Name] = $one.Value }}
        Get-QsmText -Name '{name}' -Value $values"""
    (sentence,) = shared_session.run(script)
    assert sentence == say(name, "HV01", **values)


def places(name: str) -> list[str]:
    return [place for place in re.findall(r"\{(\w+)\}", SENTENCES[name]) if place != "host"]


@pytest.mark.parametrize(("values", "words"), [("@{}", "needs a value for 'vm_id'"), ("@{ vm_id = 1; x = 2 }", "'x'")])
def test_a_sentence_takes_the_values_of_its_places_alone(
    shared_session: EngineSession, values: str, words: str
) -> None:
    with pytest.raises(ScriptError, match=words):
        shared_session.run(f"Get-QsmText -Name 'vm_not_found' -Value {values}")
    for given in ({}, {"vm_id": 1, "x": 2}):
        with pytest.raises(ValueError, match="vm_not_found"):
            say("vm_not_found", "HV01", **given)


CAUSES = {
    "It went wrong": "It went wrong (0x80070005).",
    "It went wrong.\r\n\r\nSaid twice (0x80070005).": "It went wrong. Said twice (0x80070005).",
    "Where is it?": "Where is it? (0x80070005).",
}


@pytest.mark.parametrize("words", CAUSES)
def test_a_cause_is_one_sentence_with_its_number(shared_session: EngineSession, words: str) -> None:
    assert because(PlatformError(0x80070005, words)) == CAUSES[words]
    text = words.replace("\r", "`r").replace("\n", "`n")
    (told,) = shared_session.run(
        f'$cause = New-Object -TypeName System.UnauthorizedAccessException -ArgumentList "{text}"\n'
        "try { throw $cause } catch { Get-QsmCause -ErrorRecord $_ }"
    )
    assert told == CAUSES[words]
