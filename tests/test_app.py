"""The hub as a whole: it starts, lets in who may, and ends."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

import hub_world
from pelagos import app
from pelagos.domain import errors


def run(body: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(60):
            await body()

    asyncio.run(limited())


class TestHub:
    def test_answers_who_is_logged_in_and_nobody_else(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with hub_world.here(tmp_path) as world:
                page, refused = await world.client.get("/"), await world.nobody.get("/")
                me, nobody = await world.client.get("/api/v1/me"), await world.nobody.get("/api/v1/me")

            assert (page.status_code, refused.status_code) == (200, 401)
            assert (me.json()["name"], nobody.json()["error"]["code"]) == ("local", "unauthenticated")

        run(body)

    def test_tells_anybody_that_it_is_well(self, tmp_path: Path) -> None:
        async def body() -> None:
            async with hub_world.here(tmp_path, loops=False) as world:
                answer = await world.nobody.get("/healthz")

            assert answer.json() == {"status": "ok"}

        run(body)

    def test_says_what_is_not_there_in_the_words_of_its_client(self, tmp_path: Path) -> None:
        async def body() -> None:
            place = f"/deployments/{'0' * 32}/"
            async with hub_world.here(tmp_path, loops=False) as world:
                program = await world.client.get(place)
                person = await world.client.get(place, headers={"Accept": "text/html"})

            assert (program.status_code, program.json()["error"]["code"]) == (404, "not_found")
            assert (person.status_code, person.headers["content-type"]) == (404, "text/html; charset=utf-8")
            policies = {each.headers["content-security-policy"].partition(";")[0] for each in (program, person)}
            assert policies == {"default-src 'none'"}

        run(body)

    def test_listens_to_this_machine_only(self, tmp_path: Path) -> None:
        read = hub_world.settings(tmp_path, hub__listen_ip="0.0.0.0")

        with pytest.raises(errors.InvalidInput, match="listen_ip"):
            app.serve(read, on_listening=print)


class TestProcess:
    def test_starts_prints_a_link_that_works_once_and_ends_with_0(self, tmp_path: Path) -> None:
        with hub_world.process(tmp_path) as hub, hub.client() as client:
            link = next(line for line in hub.log.splitlines() if "login?key=" in line).split()[-1]
            client.headers.pop("Authorization")
            first = client.get(link)
            client.cookies.clear()
            second = client.get(link)
            hub.process.send_signal(signal.SIGHUP)
            code = hub.end()

        assert (first.status_code, second.status_code, code) == (303, 401, 0)
        assert not (tmp_path / "hub.json").exists()

    def test_gives_new_links(self, tmp_path: Path) -> None:
        with hub_world.process(tmp_path) as hub, hub.client() as client:
            client.headers.pop("Authorization")
            answer = client.get(hub.login())

        assert answer.status_code == 303

    def test_takes_up_again_after_a_crash(self, tmp_path: Path) -> None:
        first = hub_world.Process(tmp_path)
        first.kill()

        with hub_world.process(tmp_path, port=first.port) as second, second.client() as client:
            answer = client.get("/api/v1/me")

        assert answer.status_code == 200
