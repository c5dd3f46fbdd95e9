"""A plan as a record on a host holds it: this tool's, none at all, or one of another version.

Hosts keep the plan as it was given and read nothing of it but the target folder. A host may hold records that another
version of the tool wrote, and one plan that cannot be read must not hide all other migrations: such a plan is kept as it
is, and says which version it has.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, ModelWrapValidatorHandler, PlainSerializer, ValidationError, WrapValidator

from qsm.facts.frozen import Frozen
from qsm.plan.plan import PLAN_VERSION, Plan


class UnreadablePlan(Frozen):
    """A plan that this version of the tool does not understand."""

    content: dict[str, Any] = Field(description="as the host holds it")
    problem: str = Field(description="the first thing that is not understood")

    @property
    def version(self) -> str:
        """The version that wrote it, as far as it says so."""
        return str(self.content.get("version", "1 or none"))

    def __str__(self) -> str:
        return f"the plan in its record has version {self.version}, this tool reads version {PLAN_VERSION} ({self.problem})"


def _read(value: Any, handler: ModelWrapValidatorHandler[Any]) -> Plan | UnreadablePlan | None:
    if value is None or value == {}:
        return None
    if not isinstance(value, dict):
        return handler(value)  # type: ignore[no-any-return]  # one of the three types, or an error
    try:
        return Plan.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        return UnreadablePlan(content=value, problem=f"{place}: {first['msg']}")


def _write(plan: Plan | UnreadablePlan | None) -> dict[str, Any]:
    if isinstance(plan, UnreadablePlan):
        return plan.content
    return {} if plan is None else plan.as_json()


StoredPlan = Annotated[Plan | UnreadablePlan | None, WrapValidator(_read), PlainSerializer(_write)]
"""None, an empty object on the host: the record is of a check of hosts, which moves no VM."""
