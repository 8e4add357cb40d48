"""Who may do what: the roles that acts need, in the API and on the pages alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import hub_world
from pelagos import orchestrator
from pelagos.identity import Role

AtHub = Callable[..., None]
FORBIDDEN = 403
API = "/api/v1"
ADMINS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", f"{API}/installed", {"json": {"source": "/nowhere"}}),
    ("POST", f"{API}/proposals", {"json": {"path": "/nowhere"}}),
    ("POST", f"{API}/sources", {"json": {"location": "/nowhere"}}),
    ("POST", f"{API}/sources/installed/refresh", {}),
    ("DELETE", f"{API}/sources/installed", {}),
    ("POST", f"{API}/deployments", {"json": {"module": "trivial", "what": "jupyter"}}),
    ("POST", f"{API}/deployments", {"json": {"module": "trivial", "what": "command", "command": ["id"]}}),
    ("POST", "/modules/trivial/deploy", {"data": {"what": "jupyter"}}),
    ("POST", "/modules/trivial/deploy", {"data": {"what": "command", "command": "id"}}),
    ("POST", "/modules/trivial/install", {}),
    ("POST", "/modules/counting/train", {"data": {"_data": "folder", "_folder": "/"}}),
    ("POST", "/sources", {"data": {"location": "/nowhere"}}),
    ("POST", "/sources/installed/refresh", {}),
    ("POST", "/sources/installed/remove", {}),
)
REVIEWERS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("POST", f"{API}/proposals/none/accept", {"json": {}}),
    ("POST", f"{API}/proposals/none/send-back", {"json": {"comment": "No."}}),
    ("POST", f"{API}/modules/trivial/examples", {}),
    ("POST", "/proposals/none", {"data": {"act": "accept"}}),
)


class TestPerson:
    @pytest.mark.parametrize(("method", "path", "sent"), ADMINS)
    def test_who_is_no_admin_runs_no_code_of_their_own(
        self, at_hub: AtHub, method: str, path: str, sent: dict[str, Any]
    ) -> None:
        async def body(world: hub_world.Here) -> None:
            async with hub_world.somebody(world, Role.USER, Role.REVIEWER) as reviewer:
                refused = await reviewer.request(method, path, **sent)
            async with hub_world.somebody(world, Role.ADMIN) as admin:
                allowed = await admin.request(method, path, **sent)

            assert (refused.status_code, allowed.status_code == FORBIDDEN) == (FORBIDDEN, False)

        at_hub(body)

    @pytest.mark.parametrize(("method", "path", "sent"), REVIEWERS)
    def test_who_is_no_reviewer_decides_nothing(
        self, at_hub: AtHub, method: str, path: str, sent: dict[str, Any]
    ) -> None:
        async def body(world: hub_world.Here) -> None:
            async with hub_world.somebody(world, Role.USER) as user:
                refused = await user.request(method, path, **sent)
            async with hub_world.somebody(world, Role.REVIEWER) as reviewer:
                allowed = await reviewer.request(method, path, **sent)

            assert (refused.status_code, allowed.status_code == FORBIDDEN) == (FORBIDDEN, False)

        at_hub(body)

    def test_who_is_a_user_may_train_and_deploy_what_is_installed(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            async with hub_world.somebody(world, Role.USER) as user:
                run = await user.post(f"{API}/runs", json={"module": "counting"})
                deployment = await user.post(f"{API}/deployments", json={"module": "trivial"})
                tried = await user.post("/modules/trivial/try")

            assert (run.status_code, deployment.status_code, tried.status_code) == (201, 201, 303)

        at_hub(body)

    def test_who_is_no_admin_names_no_folder_of_the_machine(self, at_hub: AtHub, tmp_path: Path) -> None:
        async def body(world: hub_world.Here) -> None:
            asked = {"module": "counting", "arguments": {"dataset": str(tmp_path)}}
            async with hub_world.somebody(world, Role.USER) as user:
                refused = await user.post(f"{API}/runs", json=asked)

            assert refused.status_code == FORBIDDEN

        at_hub(body)

    @pytest.mark.parametrize("what", ["jupyter", "command"])
    def test_who_is_no_admin_enters_nothing_that_opens_the_machine(self, at_hub: AtHub, what: str) -> None:
        async def body(world: hub_world.Here) -> None:
            wish = orchestrator.Wish("trivial", orchestrator.What(what), ("id",) if what == "command" else ())
            made = world.hub.deployments.create(wish)
            async with hub_world.somebody(world, Role.USER) as user:
                refused = await user.get(f"/deployments/{made.id}/lab")
            async with hub_world.somebody(world, Role.ADMIN) as admin:
                allowed = await admin.get(f"/deployments/{made.id}/lab")

            assert (refused.status_code, allowed.status_code == FORBIDDEN) == (FORBIDDEN, False)

        at_hub(body)

    def test_who_is_a_user_enters_modules(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            made = world.hub.deployments.create(orchestrator.Wish("trivial"))
            async with hub_world.somebody(world, Role.USER) as user:
                answer = await user.get(f"/deployments/{made.id}/v2/")

            # It is not running yet.
            assert answer.status_code == 503

        at_hub(body)
