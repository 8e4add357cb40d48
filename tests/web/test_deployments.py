from __future__ import annotations

import time

import pytest

from pelagos import orchestrator
from pelagos.runtime.console import logs
from pelagos.web import deployments
from web import training
from web.visits import Visitor

State = orchestrator.State


def made(visitor: Visitor, title: str = "Adding", **wished: object) -> orchestrator.Deployment:
    return visitor.hub.deployments.create(orchestrator.Wish("counting", title=title, **wished))  # type: ignore[arg-type]


def until(visitor: Visitor, number: str, state: State) -> orchestrator.Deployment:
    deadline = time.monotonic() + training.PATIENCE_S
    while (found := visitor.hub.deployments.get(number)).state is not state:
        assert time.monotonic() < deadline, found
        visitor.hub.deployments.reconcile()
    return found


class TestTheList:
    def test_says_what_to_do_when_it_is_empty(self, visitor: Visitor) -> None:
        assert "Nothing is deployed." in visitor.get("/deployments").text

    def test_is_narrowed_by_the_address(self, visitor: Visitor) -> None:
        found = made(visitor, training.HOSTILE)

        for query in ("", "?state=CREATE_IN_PROGRESS", "?module=counting", f"?text={found.id}", "?state=nonsense"):
            page = visitor.get(f"/deployments{query}").text
            assert f'href="/deployment/{found.id}"' in page, query
            assert "<img src=x" not in page
        for query in ("?state=STOP_COMPLETE", "?module=trivial", "?text=plankton"):
            assert "No deployment is like that." in visitor.get(f"/deployments{query}").text, query


class TestTheActs:
    def test_stop_start_and_delete_it(self, visitor: Visitor) -> None:
        found = made(visitor, what=orchestrator.What.COMMAND, command=("/bin/sleep", "60"))
        page = f"/deployment/{found.id}"

        assert "Stop Adding?" in visitor.get(f"{page}/stop").text
        visitor.post(f"{page}/stop")
        until(visitor, found.id, State.STOP_COMPLETE)
        assert f'action="{page}/start"' in visitor.get(page).text

        visitor.post(f"{page}/start")
        assert visitor.hub.deployments.get(found.id).state is State.UPDATE_IN_PROGRESS

        assert "Delete Adding?" in visitor.get(f"{page}/delete").text
        visitor.post(f"{page}/delete")
        until(visitor, found.id, State.DELETE_COMPLETE)
        assert f"{page}/delete" not in visitor.get(page).text

    def test_are_no_others(self, visitor: Visitor) -> None:
        assert visitor.post(f"/deployment/{made(visitor).id}/explode").status_code == 404


class TestThePage:
    def test_shows_state_history_and_log(self, visitor: Visitor) -> None:
        said = ("/bin/sh", "-c", f'echo "{training.HOSTILE}"; exit 3')
        found = made(visitor, what=orchestrator.What.COMMAND, command=said)
        until(visitor, found.id, State.CREATE_FAILED)

        page = visitor.get(f"/deployment/{found.id}").text

        assert "create failed" in page
        assert "create in progress" in page
        assert "window.hacked" in page
        assert "<img src=x" not in page
        assert training.HOSTILE in visitor.get(f"/deployment/{found.id}/log").text

    def test_shows_the_end_of_a_long_log(self, visitor: Visitor) -> None:
        said = ("/bin/sh", "-c", "seq -f 'line %.0f' 1 500000; exit 3")
        found = made(visitor, what=orchestrator.What.COMMAND, command=said)
        until(visitor, found.id, State.CREATE_FAILED)

        page = visitor.get(f"/deployment/{found.id}").text

        assert page.count("<div>line ") == logs.TAIL_LINES
        assert "line 500000" in page

    @pytest.mark.parametrize("query", ["?replica=x", "?replica=99", "?replica=-1"])
    def test_shows_the_first_replica_or_none_for_nonsense(self, visitor: Visitor, query: str) -> None:
        assert visitor.get(f"/deployment/{made(visitor).id}{query}").status_code == 200


class TestAccess:
    def test_leads_through_the_hub_to_what_runs(self, visitor: Visitor) -> None:
        module, lab = made(visitor), made(visitor, what=orchestrator.What.JUPYTER)

        names = [way.name for way in deployments.access(module, "1" * 32)]

        assert names == ["Console", "API", "Monitor"]
        assert [way.address for way in deployments.access(lab)] == [f"/deployments/{lab.id}/lab"]

    def test_is_none_while_it_is_stopped(self, visitor: Visitor) -> None:
        found = made(visitor)

        stopped = visitor.hub.deployments.stop(found.id)

        assert deployments.access(stopped) == []
