"""PowerShell scripts as trees, so that checks ask for commands and parameters and never for text that looks like them.

The grammar is tree-sitter's, which needs no PowerShell. It takes named blocks only inside a function, so a bootstrap is
wrapped into one; and it reads a parameter's default and the parameters behind it as one list, so names of parameters
are taken from the layout: one a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import tree_sitter
import tree_sitter_pwsh

from qsm.hosts.operations import MODULE_FOLDER
from qsm.powershell.composed import BOOTSTRAPS, PARTS, bootstrap_text, compose

_LANGUAGE = tree_sitter.Language(tree_sitter_pwsh.language())


@dataclass(frozen=True)
class ScriptCommand:
    """One command with the parameters that stand on it (name -> text behind it) and the variables splatted onto it."""

    name: str
    parameters: dict[str, str]
    splatted: tuple[str, ...]


@dataclass(frozen=True)
class Script:
    """One file of the module, one bootstrap with its parts in place, or one part."""

    path: Path
    text: str

    @property
    def bootstrap(self) -> bool:
        return self.path.parent.name == "bootstrap"

    @property
    def room(self) -> str:
        """Public, a room of Private, bootstrap, parts or the module itself."""
        return self.path.parent.name

    @property
    def part(self) -> bool:
        return self.room == "parts"

    @property
    def public(self) -> bool:
        return self.room == "Public"

    @property
    def function_file(self) -> bool:
        return self.public or self.path.parent.parent.name == "Private"

    @cached_property
    def tree(self) -> tree_sitter.Node:
        text = f"function wrapped {{\n{self.text}\n}}\n" if self.bootstrap else self.text
        return tree_sitter.Parser(_LANGUAGE).parse(text.encode()).root_node

    def nodes(self, *kinds: str) -> Iterator[tree_sitter.Node]:
        """All nodes of these kinds, in no special order."""
        return (node for node in walk(self.tree) if node.type in kinds)

    @cached_property
    def functions(self) -> list[str]:
        """Names of the functions that are defined here."""
        names = [text(node) for node in self.nodes("function_name")]
        return [name for name in names if name != "wrapped"]

    @cached_property
    def commands(self) -> list[ScriptCommand]:
        """All commands that are called by name."""
        found = [self._command(node) for node in self.nodes("command")]
        return [command for command in found if command is not None]

    @cached_property
    def parameters(self) -> list[str]:
        """Names of the parameters of the one function, or of the script."""
        block = re.search(r"^( *)param\((.*?)^\1\)", self.text, re.MULTILINE | re.DOTALL)
        if block is None:
            return []
        indent = " " * (len(block[1]) + 4)
        return re.findall(rf"^{indent}(?:\[[^\n$]*\])?\$(\w+)", block[2], re.MULTILINE)

    @cached_property
    def help(self) -> dict[str, list[str]]:
        """Sections of the comment-based help: keyword -> texts, PARAMETER texts begin with the name."""
        comment = re.search(r"<#(.*?)#>", self.text, re.DOTALL)
        sections: dict[str, list[str]] = {}
        if comment:
            for part in re.split(r"^\s*\.(?=[A-Z]+)", comment[1], flags=re.MULTILINE)[1:]:
                keyword, _, rest = part.partition("\n")
                word, _, argument = keyword.strip().partition(" ")
                sections.setdefault(word, []).append(f"{argument}\n{rest.strip()}".strip())
        return sections

    def splatted_keys(self, command: ScriptCommand) -> set[str]:
        """Parameters that come by splatting a hashtable that is written out in this file."""
        keys: set[str] = set()
        for node in self.nodes("assignment_expression"):
            target = re.match(r"\$(\w+)\s*=\s*(?:\[ordered\])?@\{", text(node))
            if target and target[1] in command.splatted:
                table = next(inner for inner in walk(node) if inner.type == "hash_literal_expression")
                keys |= {text(entry.children[0]).strip("'") for entry in _entries(table)}
        return keys

    def _command(self, node: tree_sitter.Node) -> ScriptCommand | None:
        name = next((child for child in node.children if child.type in ("command_name", "command_name_expr")), None)
        if name is None or not re.fullmatch(r"'?[A-Za-z][\w.-]*'?|[?%]", text(name)):
            return None
        elements = next((child for child in node.children if child.type == "command_elements"), None)
        parameters: dict[str, str] = {}
        splatted = []
        last = None
        for child in elements.children if elements else ():
            if child.type == "command_parameter":
                last = text(child).lstrip("-").rstrip(":")
                parameters[last] = ""
            elif child.type != "command_argument_sep":
                if re.fullmatch(r"@\w+", text(child)):
                    splatted.append(text(child)[1:])
                if last is not None:
                    parameters[last] = text(child)
                    last = None
        return ScriptCommand(text(name).strip("'"), parameters, tuple(splatted))


def walk(node: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """The node and all below it, outer ones first."""
    todo = [node]
    while todo:
        node = todo.pop()
        yield node
        todo.extend(reversed(node.children))


def _entries(table: tree_sitter.Node) -> list[tree_sitter.Node]:
    """The entries of a hashtable, not those of tables inside it."""
    body = next((child for child in table.children if child.type == "hash_literal_body"), table)
    return [child for child in body.children if child.type == "hash_entry"]


def text(node: tree_sitter.Node) -> str:
    """The source text of a node."""
    assert node.text is not None
    return node.text.decode()


def all_scripts() -> list[Script]:
    """Every script of the module, every bootstrap and every part of them, as it is run."""
    module = [Script(path, compose(path)) for path in (*MODULE_FOLDER.rglob("*.ps1"), *MODULE_FOLDER.glob("*.psm1"))]
    bootstraps = [Script(path, bootstrap_text(path.stem)) for path in BOOTSTRAPS.glob("*.ps1")]
    parts = [Script(path, path.read_text("utf-8")) for path in PARTS.glob("*.ps1")]
    return sorted([*module, *bootstraps, *parts], key=lambda script: script.path)
