"""A small world for the tests of this room: a state folder, sites, and several ways to die.

Also a program, `python world.py STATE MODULES DATABASE`, that is a hub: it reconciles until it is killed.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pelagos.db
import waiting
from pelagos import environments, jobs, orchestrator
from pelagos.domain import clock
from pelagos.module import processes
from pelagos.sites import driver, fake
from pelagos.sites.drivers import local

SERVED = Path(__file__).parent / "served.py"


class Later(clock.SystemClock):
    """Shows a time so many seconds ahead."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> datetime.datetime:
        """Show it."""
        return super().now() + datetime.timedelta(seconds=self.ahead_s)


class PretendedSite(fake.FakeDriver):
    """The site that runs nothing, as one for services."""

    can: ClassVar[frozenset[driver.Ability]] = frozenset({driver.Ability.BATCH, driver.Ability.SERVICE})


class Death(BaseException):
    """The process is gone: nothing may hold it up."""


class Mortal:
    """Dies when something has happened for the n-th time."""

    def __init__(self, at: int) -> None:
        self._left = at

    def __call__(self) -> None:
        """Let it happen once more."""
        self._left -= 1
        if self._left == 0:
            raise Death

    @property
    def lived(self) -> bool:
        """Whether it has not come so far."""
        return self._left > 0


class MortalStore(orchestrator.Store):
    """A store whose process dies before or after one of its acts."""

    def __init__(self, database: pelagos.db.Database, happens: Callable[[], None]) -> None:
        super().__init__(database)
        self._happens = happens

    def add(self, new: orchestrator.Deployment) -> None:
        """Die around the acceptance."""
        self._happens()
        super().add(new)
        self._happens()

    def move(self, *arguments: Any, **changes: Any) -> orchestrator.Deployment:
        """Die around a move."""
        self._happens()
        moved = super().move(*arguments, **changes)
        self._happens()
        return moved

    def amend(self, *arguments: Any, **changes: Any) -> orchestrator.Deployment:
        """Die around a change."""
        self._happens()
        changed = super().amend(*arguments, **changes)
        self._happens()
        return changed


class MortalSite(PretendedSite):
    """A site whose caller dies before or after a launch or a stop."""

    def __init__(self, folder: Path, happens: Callable[[], None]) -> None:
        super().__init__(folder)
        self._happens = happens

    def launch(self, command: driver.Command) -> driver.Handle:
        """Die around the launch."""
        self._happens()
        handle = super().launch(command)
        self._happens()
        return handle

    def stop(self, handle: driver.Handle) -> None:
        """Die around the stop."""
        self._happens()
        super().stop(handle)
        self._happens()


class World:
    """One state folder, with the modules that are installed for all tests."""

    def __init__(self, state: Path, modules: environments.Environments, database_url: str) -> None:
        self.state = state
        self.database_url = database_url
        state.mkdir(exist_ok=True)
        if not (state / "modules").exists():
            (state / "modules").symlink_to(modules.root)
        self.modules = modules
        self.database = pelagos.db.connect(database_url)
        self.store = orchestrator.Store(self.database)
        self.pretended = PretendedSite(state / "pretended")
        self.local = local.LocalDriver()
        self.healthy: Callable[[orchestrator.Replica], bool] = lambda _replica: True
        """What the pretended site's replicas answer."""

    def deployments(
        self,
        *,
        store: orchestrator.Store | None = None,
        sites: Mapping[str, driver.SiteDriver] | None = None,
        time_source: clock.Clock | None = None,
        models: jobs.TrainedModels | None = None,
    ) -> orchestrator.Deployments:
        """Make a `Deployments` on this machine as a hub that has just started would."""
        same_state = {"PELAGOS_STATE_DIR": str(self.state), "PELAGOS_DATABASE": self.database_url}
        around = orchestrator.Surroundings(self.state / "deployments", self.modules, same_state)
        pretended = sites is not None
        return orchestrator.Deployments(
            store or self.store,
            drivers=sites or {"local": self.local},
            around=around,
            clock=time_source or clock.SystemClock(),
            models=models,
            **({"answers": lambda _id, replica: self.healthy(replica)} if pretended else {}),
        )

    def pretending(self, mortal: Mortal | None = None, **changes: Any) -> orchestrator.Deployments:
        """Make one whose site runs nothing; with `mortal` it dies sooner or later."""
        if mortal is None:
            return self.deployments(sites={"fake": self.pretended}, **changes)
        site = MortalSite(self.state / "pretended", mortal)
        return self.deployments(sites={"fake": site}, store=MortalStore(self.database, mortal), **changes)

    def starts(self, deployment_id: str) -> int:
        """Count how often `served.py` was started for a deployment."""
        noted = self.state / "deployments" / deployment_id / "workspace" / "starts"
        return len(noted.read_text().splitlines()) if noted.exists() else 0

    def at_pretended_site(self) -> Sequence[str]:
        """List the tokens of all that the pretended site still runs."""
        tokens = dict.fromkeys(self.pretended.launches)
        seen = self.pretended.poll([{"run": token} for token in tokens])
        live = (driver.Sight.WAITING, driver.Sight.ALIVE)
        return [token for token, one in zip(tokens, seen, strict=True) if one.sight in live]

    def close(self) -> None:
        """End all that still runs."""
        for record in self.store.find([]):
            for replica in record.replicas:
                processes.end(processes.of_run(replica.token))
        self.database.close()


def serving(*words: str, **changes: Any) -> orchestrator.Wish:
    """Wish for the little server of these tests."""
    command = (sys.executable, str(SERVED), *words)
    return orchestrator.Wish("trivial", what=orchestrator.What.COMMAND, command=command, **changes)


def reached(
    known: orchestrator.Deployments, deployment_id: str, *states: orchestrator.State, within_s: float = 60.0
) -> orchestrator.Deployment:
    """Reconcile until a deployment is in one of the states and nothing of it is still going."""

    def there() -> orchestrator.Deployment | None:
        known.reconcile()
        record = known.get(deployment_id)
        going = any(replica.state is orchestrator.Health.ENDING for replica in record.replicas)
        return record if record.state in states and not going else None

    found: orchestrator.Deployment = waiting.until(there, within_s)
    return found


def steps(known: orchestrator.Deployments, count: int) -> None:
    """Do so many steps."""
    for _ in range(count):
        known.reconcile()


def _be_a_hub(state: str, modules: str, database_url: str) -> None:
    world = World(Path(state), environments.Environments(Path(modules)), database_url)
    loop = orchestrator.Loop(world.deployments(), interval_s=0.05)
    loop.start()
    print("a hub", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
    _be_a_hub(*sys.argv[1:])
