"""Requests made from our own specification: an answer to each, no fault of the server's own, nothing left behind.

`Schemathesis <https://schemathesis.readthedocs.io/>`_ writes them, right ones and wrong ones, the same in every run.
"""

from __future__ import annotations

import contextlib
import http
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode

from side_by_side import blame, servers
from side_by_side.servers import Server

pytestmark = [pytest.mark.heavy, pytest.mark.xdist_group("deepaas")]
EXAMPLES = 40
LONGEST_S = 10
TRAININGS = f"/v2/models/{servers.TRAININGS}/train/"


@pytest.fixture(scope="module")
def fuzzed(tmp_path_factory: pytest.TempPathFactory, state: Path) -> Iterator[Server]:
    """A server of our own, so that what is left behind can only come from here; its trainings end with it."""
    modules = ("probe", "probe-bare", servers.TRAININGS)
    with servers.pelagos(tmp_path_factory.mktemp("fuzzed"), state, modules=modules) as server:
        yield server
        # The newest first: those that wait go at once.
        for training in reversed(server.client.get(TRAININGS).json()):
            if training["status"] == "running":
                server.client.delete(f"{TRAININGS}{training['uuid']}")


class TestSpecification:
    @pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
    def test_never_makes_the_server_fail(self, fuzzed: Server, mode: GenerationMode) -> None:
        # Not /swagger.json: it is frozen as DEEPaaS writes it, with references where Swagger allows none.
        schema = schemathesis.openapi.from_url(f"{fuzzed.url}/openapi.json")
        operations = [found.ok() for found in schema.get_all_operations()]

        for operation in operations:
            fuzz(fuzzed, operation, mode)

        assert len(operations) > 10

    def test_leaves_a_server_that_answers_and_no_file_behind(self, fuzzed: Server) -> None:
        answer = fuzzed.client.post("/v2/models/probe/predict/")

        assert answer.status_code == http.HTTPStatus.OK
        assert fuzzed.files_left() == []


def fuzz(server: Server, operation: schemathesis.APIOperation, mode: GenerationMode) -> None:
    """Send requests of one operation; one that cannot be made wrong has none."""

    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def send(case: schemathesis.Case) -> None:
        answer = case.call(base_url=server.url, timeout=LONGEST_S)

        below_500 = answer.status_code < http.HTTPStatus.INTERNAL_SERVER_ERROR
        theirs = answer.status_code == http.HTTPStatus.NOT_IMPLEMENTED or blame.on_the_module(server, answer)
        assert below_500 or theirs, case.as_curl_command()

    with contextlib.suppress(hypothesis.errors.Unsatisfiable):
        send()
