"""Apply the automation for lost runs to a Prefect server: `python -m deployments.lost_runs`, as often as you like.

`prefect automation create` would add one more each time. Here the automation of this name is replaced, one that somebody
has paused stays paused, and whatever `create` has added of the same name goes. The server is the one that
`PREFECT_API_URL` names.
"""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import yaml
from prefect.client.orchestration import get_client
from prefect.events.schemas.automations import AutomationCore

FILE = Path(__file__).with_name("lost-runs.yaml")


def wanted() -> AutomationCore:
    """The automation as the file describes it."""
    return AutomationCore.model_validate(yaml.safe_load(FILE.read_text(encoding="utf-8")))


def apply(automation: AutomationCore) -> UUID:
    """Makes the server have this automation, once; returns its id. Raises what Prefect's client raises."""
    with get_client(sync_client=True) as client:
        known = client.read_automations_by_name(automation.name)
        for other in known[1:]:
            client.delete_automation(other.id)
        if not known:
            return client.create_automation(automation)
        client.update_automation(known[0].id, automation.model_copy(update={"enabled": known[0].enabled}))
        return known[0].id


if __name__ == "__main__":
    applied = wanted()
    print(f"Automation '{applied.name}' is applied ({apply(applied)}).")
