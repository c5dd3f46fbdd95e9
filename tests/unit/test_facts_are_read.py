"""What hosts report is judged by somebody: a fact that nothing reads is a question too many, or a missing judgement.

Read from the source, by the field's name alone: one that is called like another's (``name``, ``path``) counts as read
whenever either is.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

from qsm.facts import files, hosts, machines
from qsm.facts.frozen import Frozen

ROOT = Path(__file__).parents[2] / "qsm"
TRAVELS = "travels with the configuration as it is; the target reports what it could not take"
ADAPTER = "travels with the adapter; the target puts VLANs back and proves them at the import"
INVENTORY = "of an inventory, which is compared as a whole"
UNREAD = {
    "DiskFile.disk_identifier": "a copy has the same; content_identity tells what a file holds",
    "FileEntry.access": INVENTORY,
    "HostFacts.os_build": "what a host can do is asked of it, never concluded from its version",
    "HostFacts.cluster": "whether this VM is clustered decides, not whether its host is a node",
    "SwitchFacts.switch_id": "a person names switches; the map goes by name",
    "VolumeFacts.capacity_bytes": "room is what is free",
    "Adapter.legacy": TRAVELS,
    "Adapter.vlan": ADAPTER,
    "Adapter.iov_weight": TRAVELS,
    **{f"Vlan.{name}": ADAPTER for name in machines.Vlan.model_fields},
    "VMFacts.generation": TRAVELS,
    "VMFacts.smart_paging_file_path": "written only while a VM starts with too little memory, which preflight refuses",
    "VMFacts.uptime_seconds": "begins anew with each start; state and files prove that a VM has not run",
    "VMFacts.memory_maximum_bytes": "what is assigned now and what a start takes decide",
    "VMFacts.dynamic_memory": "what is assigned now and what a start takes decide",
    "VMFacts.processor_compatibility": "the target itself is asked whether its processor takes the memory",
    "VMFacts.automatic_stop_action": TRAVELS,
}


def facts() -> Iterator[type[Frozen]]:
    for module in (files, hosts, machines):
        for _, found in inspect.getmembers(module, inspect.isclass):
            if issubclass(found, Frozen) and found.__module__ == module.__name__:
                yield found


def attributes_read() -> set[str]:
    """Names of attributes that the domain reads, outside of the facts and of the messages that carry them."""
    sources = [path for path in ROOT.rglob("*.py") if path.parent != ROOT / "facts" and path.name != "messages.py"]
    nodes = (node for path in sources for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    return {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}


def test_each_fact_is_read_or_has_a_reason() -> None:
    read = attributes_read()
    unread = {f"{each.__name__}.{name}" for each in facts() for name in each.model_fields if name not in read}
    assert unread == set(UNREAD), "read it, stop asking for it, or say here why nobody needs to"
