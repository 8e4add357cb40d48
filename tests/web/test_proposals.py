from __future__ import annotations

import datetime

import pytest

from pelagos.catalog import card, checking, examples, proposal_store
from web.visits import Visitor

HOSTILE = "<script>window.hacked=1</script>"


@pytest.fixture
def proposal(visitor: Visitor) -> proposal_store.Proposal:
    """A module that waits for a reviewer."""
    ran = examples.ExampleRun("one bird", True, "", 0.25, "1.2", datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC))
    said = {"name": "birds", "title": "Birds", "readme": f"# Birds {HOSTILE}", "examples": [{"name": "one bird"}]}
    made = checking.Report(card.Card.model_validate(said), score=70, examples=(ran,), location="/tmp/birds")
    return visitor.hub.proposals.propose(made, "ada")


class TestReview:
    def test_says_that_something_waits(self, visitor: Visitor, proposal: proposal_store.Proposal) -> None:
        assert f'href="/proposals/{proposal.id}">Birds</a>' in visitor.get("/proposals").text
        assert '<span class="count">1' in visitor.get("/modules").text

    def test_says_how_to_propose_when_nothing_waits(self, visitor: Visitor) -> None:
        assert "pelagos publish" in visitor.get("/proposals").text

    def test_shows_what_was_found(self, visitor: Visitor, proposal: proposal_store.Proposal) -> None:
        page = visitor.get(f"/proposals/{proposal.id}").text

        assert "70 %" in page
        assert "250 ms" in page
        assert HOSTILE not in page

    def test_lists_an_accepted_module_with_how_its_examples_went(
        self, visitor: Visitor, proposal: proposal_store.Proposal
    ) -> None:
        answer = visitor.post(f"/proposals/{proposal.id}", act="accept", comment="well done")

        assert answer.status_code == 303
        assert "well done" in visitor.get(f"/proposals/{proposal.id}").text
        assert "version 1.2, 250 ms" in visitor.get("/modules/birds").text

    def test_sends_back_with_a_comment_only(self, visitor: Visitor, proposal: proposal_store.Proposal) -> None:
        refused = visitor.post(f"/proposals/{proposal.id}", act="return", comment=" ")
        taken = visitor.post(f"/proposals/{proposal.id}", act="return", comment=HOSTILE)

        assert (refused.status_code, taken.status_code) == (422, 303)
        assert "expected what the author should do" in refused.text
        assert HOSTILE not in visitor.get(f"/proposals/{proposal.id}").text
        assert visitor.hub.proposals.get(proposal.id).state == proposal_store.State.RETURNED

    def test_decides_once(self, visitor: Visitor, proposal: proposal_store.Proposal) -> None:
        visitor.post(f"/proposals/{proposal.id}", act="accept", comment="")

        assert visitor.post(f"/proposals/{proposal.id}", act="return", comment="no").status_code == 409
