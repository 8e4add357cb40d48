"""A hub whose records are on a PostgreSQL server: it is killed, then the server is, and nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import hub_world
import pelagos
import waiting
from engines import postgresql
from pelagos import environments

WITHIN_S = 30.0


def configured(folder: Path, installed: environments.Environments, url: str) -> Path:
    """A state folder whose file of settings names the database."""
    state = hub_world.link_modules(folder / "state", installed)
    (state / "pelagos.toml").write_text(f'database = "{url}"\n')
    return state


class TestKilledHub:
    @pytest.fixture
    def state(
        self,
        tmp_path: Path,
        installed_modules: environments.Environments,
        postgresql_server: postgresql.Server,
    ) -> Iterator[Path]:
        with postgresql_server.database(postgresql.EMPTY) as url:
            yield configured(tmp_path, installed_modules, url)

    def test_finds_its_training_and_its_cards_again(self, state: Path) -> None:
        first = hub_world.Process(state)
        client = pelagos.Client(state_dir=state)
        run = client.train("counting", key="one", epochs=20, delay_s=0.1)
        with first.client() as http:
            waiting.until(lambda: http.get("/api/v1/modules", params={"q": "countng"}).json()["total"] == 1)
        waiting.until(run.metrics)
        first.kill()

        with hub_world.process(state) as second:
            client = pelagos.Client(state_dir=state)
            same = client.train("counting", key="one", epochs=20, delay_s=0.1)
            ended = client.runs.get(run.id).wait(WITHIN_S)
            with second.client() as http:
                found = http.get("/api/v1/modules", params={"q": "countng"}).json()

        assert (same.id, ended.state, ended.result["epochs"]) == (run.id, "done", 20)
        assert [each["name"] for each in found["items"]] == ["counting"]
        assert not (state / "pelagos.sqlite").exists()


class TestKilledServer:
    def test_makes_requests_fail_with_503_until_it_is_back(
        self, tmp_path: Path, installed_modules: environments.Environments
    ) -> None:
        with postgresql.server() as server, server.database() as url:
            state = configured(tmp_path, installed_modules, url)
            with hub_world.process(state) as hub, hub.client() as http:
                run = pelagos.Client(state_dir=state).train("counting", epochs=20, delay_s=0.1)
                waiting.until(run.metrics)

                server.end()
                by_program = http.get("/api/v1/runs")
                page = httpx.get(
                    f"{hub.address}/runs", headers={"Accept": "text/html"}, cookies={"pelagos_session": "a"}
                )
                server.start()
                again = http.get("/api/v1/runs")
                ended = run.wait(WITHIN_S)

                assert (by_program.status_code, by_program.json()["error"]["code"]) == (503, "database_unreachable")
                assert by_program.headers["retry-after"] == "1"
                assert page.status_code == 503
                assert "The database does not answer" in page.text
                assert again.status_code == 200
                assert (ended.state, ended.result["epochs"]) == ("done", 20)

    def test_keeps_a_hub_from_starting_and_is_named(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        state.mkdir()
        (state / "pelagos.toml").write_text(f'database = "postgresql:///nothing?host={tmp_path}"\n')

        with pytest.raises(AssertionError, match="pelagos: error: The database does not answer") as caught:
            hub_world.Process(state)

        assert "Traceback" not in str(caught.value)
