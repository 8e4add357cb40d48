"""Proposals: a checked module waits for a reviewer, who takes its card into the catalog or sends it back."""

from __future__ import annotations

import datetime
from pathlib import Path

import pelagos.db
from pelagos import environments
from pelagos.catalog import card, checking, examples, proposal_store, store
from pelagos.catalog.proposal_store import Proposal, State, Step
from pelagos.domain import clock, errors

__all__ = ["SOURCE", "Proposal", "Proposals", "State", "Step"]

SOURCE = "proposals"
"""The source of the cards that came this way."""
_RUNS_SHOWN = 50


class Proposals:
    """All proposals of one catalog. Safe to share among threads and processes."""

    def __init__(
        self,
        cards: store.Store,
        database: pelagos.db.Database,
        *,
        clock: clock.Clock,
        modules: environments.Environments | None = None,
        rerun_every_s: float = 7 * 24 * 3600.0,
    ) -> None:
        self._cards = cards
        self._store = proposal_store.ProposalStore(database)
        self._clock = clock
        self._modules = modules
        self._rerun_every_s = rerun_every_s

    def propose(self, report: checking.Report, person: str, *, proposal_id: str | None = None) -> Proposal:
        """Propose a checked module; it takes the place of an earlier proposal that still waits.

        `proposal_id` is for a caller who wants to find it again, 32 hexadecimal digits.

        Raises InvalidInput with all that speaks against it.
        """
        if report.card is None or not report.ready:
            faults = [str(fault) for fault in report.faults if fault.severity == "error"]
            failed = [f"example “{each.name}”: {each.message}" for each in report.examples if not each.passed]
            raise errors.InvalidInput({"module": [*faults, *failed]}, hint="Put it right, then: pelagos publish PATH")
        now = self._clock.now()
        made = Proposal(proposal_id or self._clock.new_id(), report.card.name, State.PROPOSED, person, now, now, report)
        self._store.add(made)
        return made

    def list(self, state: State | None = None) -> tuple[Proposal, ...]:
        """List proposals, what changed last first."""
        return self._store.find(() if state is None else (state,))

    def get(self, proposal_id: str) -> Proposal:
        """Find a proposal; raises NotFound."""
        return self._store.get(proposal_id)

    def history(self, proposal_id: str) -> tuple[Step, ...]:
        """List what happened to a proposal and what was said, oldest first; raises NotFound."""
        self._store.get(proposal_id)
        return self._store.history(proposal_id)

    def accept(self, proposal_id: str, person: str, comment: str = "") -> Proposal:
        """Take the card into the catalog, listed; it takes the place of one with the same name.

        Raises NotFound, Conflict when it has been decided already.
        """
        proposal = self._waiting(proposal_id)
        self._store.decide(proposal_id, Step(self._clock.now(), person, State.ACCEPTED, comment))
        # A crash here leaves a decision without its card: `due` makes that good.
        self._take(proposal)
        self._store.add_runs(proposal.name, proposal.report.examples)
        return self._store.get(proposal_id)

    def send_back(self, proposal_id: str, person: str, comment: str) -> Proposal:
        """Return it to its author; raises NotFound, InvalidInput without a comment that says what to do, Conflict."""
        self._waiting(proposal_id)
        if not comment.strip():
            raise errors.InvalidInput({"comment": ["is empty; expected what the author should do"]})
        self._store.decide(proposal_id, Step(self._clock.now(), person, State.RETURNED, comment))
        return self._store.get(proposal_id)

    def runs(self, name: str) -> tuple[examples.ExampleRun, ...]:
        """List how the examples of a module went, the last run first."""
        return self._store.runs(name, _RUNS_SHOWN)

    def rerun(self, name: str) -> tuple[examples.ExampleRun, ...]:
        """Run the examples of an accepted card again, with the module as it is installed now, and keep how they went.

        Takes as long as the module does. Raises NotFound for a card or module that is not there.
        """
        record = self._cards.get(name)
        if self._modules is None or not record.card.examples:
            return ()
        module = self._modules.find(name)
        accepted = self._store.find((State.ACCEPTED,), name=name)
        folder = module.folder or (accepted and Path(accepted[0].report.location))
        if not folder:
            raise errors.NotFound(f"The files of the examples of {name} are not here.")
        ran = examples.run(
            module,
            record.card.examples,
            folder=folder,
            author_path=self._modules.author_path(),
            clock=self._clock,
        )
        self._store.add_runs(name, ran)
        return ran

    def due(self, now: datetime.datetime) -> tuple[str, ...]:
        """Run the examples of accepted cards again that were not run for long; gives their names. May take minutes."""
        self._take_missing()
        oldest = now - datetime.timedelta(seconds=self._rerun_every_s)
        ran = []
        for name in self._cards.names(SOURCE):
            last = self._store.runs(name, 1)
            if last and last[0].time > oldest:
                continue
            try:
                went = self.rerun(name)
            except errors.PelagosError as error:
                message = f"They could not be run: {error.message}"
                went = (examples.ExampleRun("all examples", False, message, 0.0, "", now),)
                self._store.add_runs(name, went)
            ran += [name] if went else []
        return tuple(ran)

    def _take(self, proposal: Proposal) -> None:
        assert proposal.report.card is not None
        said = card.Card.model_validate(proposal.report.card.plain() | {"status": card.Status.LISTED})
        self._cards.put([store.Record(said, SOURCE, proposal.report.commit, self._clock.now())])

    def _take_missing(self) -> None:
        """Take the cards of accepted proposals that a crash kept out of the catalog."""
        accepted = {each.name: each for each in reversed(self._store.find((State.ACCEPTED,)))}
        for name in set(accepted) - set(self._cards.names()):
            self._take(accepted[name])

    def _waiting(self, proposal_id: str) -> Proposal:
        proposal = self._store.get(proposal_id)
        if proposal.state is not State.PROPOSED:
            raise errors.Conflict(f"The proposal {proposal_id} is {proposal.state} already.")
        return proposal
