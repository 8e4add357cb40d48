"""Bodies that are held are small."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

import hub_world
from pelagos.api import bounded

AtHub = Callable[..., None]


async def endless(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 65_536


class TestBounded:
    @pytest.mark.parametrize("path", ["sources", "proposals", "plan", "datasets/a/url"])
    def test_refuses_what_is_too_large_while_it_comes(self, at_hub: AtHub, path: str) -> None:
        async def body(world: hub_world.Here) -> None:
            headers = {"Content-Type": "application/json"}
            answer = await world.client.post(f"/api/v1/{path}", content=endless(32), headers=headers)

            assert (answer.status_code, answer.json()["error"]["code"]) == (413, "http")

        at_hub(body)

    def test_leaves_streamed_bodies_their_own_limit(self, at_hub: AtHub) -> None:
        async def body(world: hub_world.Here) -> None:
            files = {"large.bin": b" " * (2 * bounded.LARGEST)}
            answer = await world.client.post("/api/v1/datasets/large/files", files={"a": ("a", files["large.bin"])})

            assert (answer.status_code, answer.json()["bytes"]) == (201, 2 * bounded.LARGEST)

        at_hub(body)
