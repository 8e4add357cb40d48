"""A JupyterLab is deployed from the form and used in the browser, through the hub alone."""

from __future__ import annotations

import datetime
import fcntl
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import websockets
from playwright import sync_api
from playwright.sync_api import expect
from websockets.sync import client as websocket

import hub_world
from journeys import programs
from journeys.conftest import PATIENCE_MS
from pelagos import environments
from pelagos.domain import errors
from pelagos.module import processes

pytestmark = pytest.mark.browser
Open = Callable[..., sync_api.Page]
ROOT = Path(__file__).parents[2]
COUNTING = ROOT / "tests" / "modules_for_tests" / "counting"
RELEASE = "jupyterlab==4.6.6"
WITHIN_S = 60.0
IDLE_MINUTES = 0.04
WATCH = """
import os, sys

def _tell(*words):
    with open(os.environ["WATCHED"], "a") as told:
        print(*words, file=told)

def _watch(event, arguments):
    if event == "socket.connect":
        _tell("asks", arguments[1])
    elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
        _tell("looks up", arguments[0])

_tell("starts", *getattr(sys, "orig_argv", ()))
sys.addaudithook(_watch)
"""
"""Put into all Python processes: each tells where it connects to, and which names it asks for."""
OUTWARD = re.compile(
    r"^(?:asks \('(?!127\.0\.0\.1'|::1'|localhost')|looks up (?!127\.0\.0\.1|::1|localhost)).*", re.MULTILINE
)


@pytest.fixture(scope="module")
def with_jupyter() -> environments.Environments:
    """The module `counting` with JupyterLab in its environment, installed once for all runs of the tests."""
    folder = ROOT / ".venv-jupyter"
    folder.mkdir(exist_ok=True)
    found = environments.Environments(folder / "modules")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            found.install(str(COUNTING), extra=[RELEASE])
        except errors.EnvironmentFailed as error:
            pytest.skip(f"JupyterLab cannot be installed: {error}")
    return found


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of what makes the hub and all it starts tell, in `told`, where they connect to."""
    folder = tmp_path_factory.mktemp("watch")
    (folder / "sitecustomize.py").write_text(WATCH)
    return folder


@pytest.fixture(scope="module")
def hub(
    tmp_path_factory: pytest.TempPathFactory, with_jupyter: environments.Environments, watched: Path
) -> Iterator[hub_world.Process]:
    """One hub for all stories of this file."""
    state = hub_world.link_modules(tmp_path_factory.mktemp("hub") / "state", with_jupyter)
    with hub_world.process(state, PYTHONPATH=str(watched), WATCHED=str(watched / "told")) as running:
        yield running
        with running.client() as client:
            for each in client.get("/api/v1/deployments").json()["items"]:
                client.delete(f"/api/v1/deployments/{each['id']}")
            programs.until(lambda: client.get("/api/v1/deployments").json()["total"] == 0, WITHIN_S)


def living(hub: hub_world.Process, deployment_id: str) -> list[str]:
    """List the commands of the processes that live for a deployment."""
    found = []
    for spec in (hub.state / "deployments" / deployment_id).glob("*/spec.json"):
        found += [each.pid for each in processes.of_run(json.loads(spec.read_text())["token"])]
    return [Path(f"/proc/{pid}/cmdline").read_bytes().decode().replace("\0", " ") for pid in found]


def used_s(client: httpx.Client, path: str) -> float:
    """Tell how long a deployment was in use after it had come up."""
    told = client.get(path).json()
    times = [datetime.datetime.fromisoformat(told[name]) for name in ("changed", "last_used")]
    return (times[1] - times[0]).total_seconds()


def compute(page: sync_api.Page, said: str) -> None:
    """Type something into a new console, and run it."""
    page.locator(".jp-LauncherCard[data-category=Console]").first.click()
    expect(page.get_by_role("button", name="Python 3 (ipykernel) | Idle")).to_be_visible()
    page.locator(".jp-CodeConsole-promptCell .cm-content").click()
    page.keyboard.type(said)
    page.keyboard.press("Shift+Enter")


class TestJupyterLab:
    def test_computes_stays_while_it_is_open_and_leaves_nothing_behind(
        self, opened: Open, hub: hub_world.Process, watched: Path
    ) -> None:
        page = opened(hub.login())
        page.goto(f"{hub.address}/modules/counting/deploy")
        page.get_by_label("JupyterLab").check()
        page.get_by_label("Stop when idle").fill(f"{IDLE_MINUTES}")
        page.get_by_role("button", name="Deploy").click()
        page.wait_for_url("**/deployment/*")
        number = page.url.rpartition("/")[2]
        expect(page.locator("#status")).to_contain_text("create complete", timeout=WITHIN_S * 1000)

        page.get_by_role("link", name="JupyterLab", exact=True).click()
        compute(page, "1+1")
        expect(page.locator(".jp-OutputArea-output")).to_have_text("2", timeout=PATIENCE_MS)
        page.get_by_role("tab", name="Extension Manager").click()
        expect(page.locator(".jp-extensionmanager-view")).to_be_visible()
        assert page.locator(".Toastify__toast").count() == 0
        assert any("ipykernel" in command for command in living(hub, number))

        # Only its sockets are in use all that time: the page asks for its kernels less often.
        with hub.client() as client:
            path = f"/api/v1/deployments/{number}"
            programs.until(lambda: used_s(client, path) > 3 * 60 * IDLE_MINUTES, WITHIN_S)
            assert client.get(path).json()["state"] == "CREATE_COMPLETE"

        page.goto(f"{hub.address}/deployment/{number}")
        page.get_by_role("link", name="Stop").click()
        page.get_by_role("button", name="Stop it").click()
        expect(page.locator("#status")).to_contain_text("stop complete", timeout=WITHIN_S * 1000)
        assert living(hub, number) == []
        told = (watched / "told").read_text()
        assert re.search("^starts .*jupyter-lab", told, re.MULTILINE)
        assert OUTWARD.findall(told) == []

    def test_is_for_those_who_are_logged_in_and_for_pages_of_the_hub(self, hub: hub_world.Process) -> None:
        with hub.client() as client:
            number = client.post("/api/v1/deployments", json={"module": "counting", "what": "jupyter"}).json()["id"]
            place = f"/deployments/{number}"
            programs.until(lambda: client.get(f"{place}/api").status_code == 200, WITHIN_S)
            foreign = client.post(f"{place}/api/sessions", headers={"Origin": "https://evil.example"})
        nobody = httpx.get(f"{hub.address}{place}/lab")

        events, own = f"{hub.address}{place}/api/events/subscribe".replace("http", "ws", 1), f"Bearer {hub.token}"
        with websocket.connect(events, additional_headers={"Authorization": own}, origin=_origin(hub.address)) as open_:
            open_.ping().wait(WITHIN_S)

        assert (nobody.status_code, foreign.status_code) == (401, 403)
        assert _refused(events, origin=_origin(hub.address)) == 401
        assert _refused(events, origin=_origin("https://evil.example"), Authorization=own) == 403


def _origin(address: str) -> websockets.Origin:
    return websockets.Origin(address.rstrip("/"))


def _refused(address: str, *, origin: websockets.Origin, **headers: str) -> int:
    """Give the status by which a WebSocket is refused."""
    with pytest.raises(websockets.InvalidStatus) as refused:
        websocket.connect(address, additional_headers=headers, origin=origin)
    return refused.value.response.status_code
