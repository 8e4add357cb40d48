"""What is to run where: deployments, plans of sites, and runs of modules; and what the hub itself does for long.

`Deployments`, `Runs` and `Acts` are the doors; `Loop` keeps the deployments true in the background. `Hub` is
everything that the hub's API and pages are handed.
"""

from pelagos.orchestrator.act_store import Act, ActStore, Kind
from pelagos.orchestrator.act_store import State as ActState
from pelagos.orchestrator.acts import Acts
from pelagos.orchestrator.attempts import Surroundings, base_path
from pelagos.orchestrator.deployment import Address, Deployment, Health, Move, Replica, State, What, Wish
from pelagos.orchestrator.deployments import Deployments
from pelagos.orchestrator.doings import Doings
from pelagos.orchestrator.hub import Hub, HubSettings, Setting
from pelagos.orchestrator.loop import Loop
from pelagos.orchestrator.plans import Plan, Row
from pelagos.orchestrator.runs import Runs
from pelagos.orchestrator.store import Store

__all__ = [
    "Act",
    "ActState",
    "ActStore",
    "Acts",
    "Address",
    "Deployment",
    "Deployments",
    "Doings",
    "Health",
    "Hub",
    "HubSettings",
    "Kind",
    "Loop",
    "Move",
    "Plan",
    "Replica",
    "Row",
    "Runs",
    "Setting",
    "State",
    "Store",
    "Surroundings",
    "What",
    "Wish",
    "base_path",
]
