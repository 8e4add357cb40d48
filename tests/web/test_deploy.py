from __future__ import annotations

import re

from pelagos import orchestrator
from web import training
from web.visits import Visitor

PAGE = "/modules/counting/deploy"


def deployed(visitor: Visitor, **said: str) -> orchestrator.Deployment:
    answer = visitor.post(PAGE, what="module", replicas="1", **said)
    assert answer.status_code == 303, answer.text
    return visitor.hub.deployments.get(answer.headers["location"].rpartition("/")[2])


class TestTheForm:
    def test_offers_what_runs_models_and_sites(self, visitor: Visitor) -> None:
        number = training.trained(visitor)
        visitor.hub.models.alias(number, "production")

        page = visitor.get(f"{PAGE}?model={number}").text

        assert f'<option value="{number}" selected>' in page
        assert '<option value="production">' in page
        assert 'value="jupyter"' in page
        assert 'name="_site" value="local"' in page

    def test_of_an_unknown_module_is_not_there(self, visitor: Visitor) -> None:
        assert visitor.get("/modules/plankton/deploy").status_code == 404


class TestDeploying:
    def test_wishes_for_what_was_typed(self, visitor: Visitor) -> None:
        found = deployed(visitor, title="Adding", idle_minutes="1.5", _cpus="1", _memory_gb="1", _site="local")

        wish = found.wish
        assert (wish.title, wish.idle_stop_s, wish.wake, wish.site) == ("Adding", 90, False, "local")
        assert (wish.resources.cpus, wish.resources.memory_mb) == (1, 1024)
        assert found.person == "local"

    def test_takes_a_command_apart_as_a_shell_would(self, visitor: Visitor) -> None:
        answer = visitor.post(PAGE, what="command", command="serve --title 'two words' --port {port}")

        found = visitor.hub.deployments.get(answer.headers["location"].rpartition("/")[2])
        assert found.wish.command == ("serve", "--title", "two words", "--port", "{port}")

    def test_sent_twice_is_one_deployment(self, visitor: Visitor) -> None:
        assert deployed(visitor, _key="k" * 32).id == deployed(visitor, _key="k" * 32).id

    def test_with_faults_names_them_all_and_keeps_what_was_typed(self, visitor: Visitor) -> None:
        said = {"what": "command", "command": "'", "replicas": "many", "idle_minutes": "-1", "_cpus": training.HOSTILE}

        answer = visitor.post(PAGE, **said)

        assert answer.status_code == 422
        assert answer.text.count("<li>") >= 4
        assert 'value="many"' in answer.text
        assert "<img src=x" not in answer.text
        assert visitor.hub.deployments.count() == 0


class TestChanging:
    def test_begins_with_what_runs(self, visitor: Visitor) -> None:
        found = deployed(visitor, title="Adding", idle_minutes="5", _cpus="1")

        page = visitor.get(f"/deployment/{found.id}/change").text

        assert re.search(r'name="title" value="Adding"', page)
        assert re.search(r'name="idle_minutes" value="5"', page)
        assert re.search(r'name="_cpus"[^>]*value="1"', page)
        assert 'role="switch" name="wake" value="true">' in page

    def test_changes_the_wish(self, visitor: Visitor) -> None:
        found = deployed(visitor, title="Adding")

        visitor.post(f"/deployment/{found.id}/change", what="module", title="Adding more", replicas="2")

        wish = visitor.hub.deployments.get(found.id).wish
        assert (wish.title, wish.replicas) == ("Adding more", 2)
