"""Commands and modules are served through the hub: ended by force they come again, replaced they lose no request."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent import futures
from pathlib import Path
from typing import Any

import httpx
import pytest

import hub_world
from journeys import programs
from pelagos import environments

WITHIN_S = 60.0
ANSWERING = Path(__file__).with_name("answering.py")
FILES = "mkdir -p deployments && ln -sfn .. .$PELAGOS_BASE_PATH && exec python3 -m http.server {port} --bind 127.0.0.1"
"""The server of files knows nothing of the path below which it is reached, so its folder is made to have it."""


@pytest.fixture(scope="module")
def client(
    tmp_path_factory: pytest.TempPathFactory, installed_modules: environments.Environments
) -> Iterator[httpx.Client]:
    """A client of one hub for all stories of this file."""
    state = hub_world.link_modules(tmp_path_factory.mktemp("hub") / "state", installed_modules)
    with hub_world.process(state) as running, running.client() as asking:
        yield asking
        for each in asking.get("/api/v1/deployments").json()["items"]:
            asking.delete(f"/api/v1/deployments/{each['id']}")
        programs.until(lambda: asking.get("/api/v1/deployments").json()["total"] == 0, WITHIN_S)


def deployed(client: httpx.Client, **wish: Any) -> str:
    """Deploy something of `counting` and wait until it is there; gives its id."""
    made = client.post("/api/v1/deployments", json={"module": "counting", **wish}).raise_for_status().json()
    programs.until(lambda: state(client, made["id"]) == "CREATE_COMPLETE", WITHIN_S)
    return str(made["id"])


def state(client: httpx.Client, number: str) -> str:
    return str(client.get(f"/api/v1/deployments/{number}").json()["state"])


class TestCommand:
    def test_on_a_port_is_reached_through_the_hub(self, client: httpx.Client) -> None:
        number = deployed(client, what="command", command=["/bin/sh", "-c", FILES])

        answer = client.get(f"/deployments/{number}/")

        assert answer.status_code == 200
        assert "deployments/" in answer.text

    def test_on_a_socket_comes_again_when_it_is_killed(self, client: httpx.Client) -> None:
        number = deployed(client, what="command", command=[sys.executable, str(ANSWERING)])
        place = f"/deployments/{number}/where"
        first = client.get(place).json()

        os.kill(first["pid"], signal.SIGKILL)
        between: list[httpx.Response] = []

        def again() -> bool:
            between.append(client.get(place))
            return between[-1].status_code == 200

        programs.until(again, WITHIN_S)
        assert first["path"] == place
        assert between[-1].json()["pid"] != first["pid"]
        assert {each.status_code for each in between[:-1]} <= {503}
        assert all("retry-after" in each.headers for each in between[:-1])


class TestUpdate:
    def test_under_load_loses_no_request(self, client: httpx.Client) -> None:
        number = deployed(client)
        wish = client.get(f"/api/v1/deployments/{number}").json()["wish"]
        ended = threading.Event()
        with futures.ThreadPoolExecutor(3) as pool:
            asking = [pool.submit(statuses, client, number, ended) for _ in range(3)]
            try:
                client.put(f"/api/v1/deployments/{number}", json={**wish, "resources": {"cpus": 1}}).raise_for_status()
                programs.until(lambda: state(client, number) == "UPDATE_COMPLETE", WITHIN_S)
                replaced = len(client.get(f"/api/v1/deployments/{number}").json()["replicas"])
                programs.until(lambda: alone(client, number), WITHIN_S)
            finally:
                ended.set()
            counted = [each.result() for each in asking]

        assert replaced == 2
        assert [set(each) for each in counted] == [{200}] * 3


def alone(client: httpx.Client, number: str) -> bool:
    return len(client.get(f"/api/v1/deployments/{number}").json()["replicas"]) == 1


def statuses(client: httpx.Client, number: str, ended: threading.Event) -> Mapping[int, int]:
    """Predict without a pause until it is said to be over; counts the answers by status."""
    found: dict[int, int] = {}
    while not ended.is_set():
        said = {"json": {"values": [1, 2]}, "headers": {"Accept": "application/json"}}
        status = client.post(f"/deployments/{number}/v2/models/counting/predict/", **said).status_code
        found[status] = found.get(status, 0) + 1
    return found
