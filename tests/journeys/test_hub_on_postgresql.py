"""The PostgreSQL server that holds a hub's records is killed, and nothing is lost."""

from pathlib import Path

import httpx
import pytest

import hub_world
import pelagos
import waiting
from engines import postgresql
from pelagos import environments

WITHIN_S = 30.0


class TestKilledServer:
    def test_makes_requests_fail_with_503_until_it_is_back(
        self, tmp_path: Path, installed_modules: environments.Environments
    ) -> None:
        with postgresql.server() as server, server.database(postgresql.EMPTY) as url:
            state = hub_world.link_modules(tmp_path / "state", installed_modules, url)
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
                assert not (state / "pelagos.sqlite").exists()

    def test_keeps_a_hub_from_starting_and_is_named(self, tmp_path: Path) -> None:
        state = tmp_path / "state"
        state.mkdir()
        (state / "pelagos.toml").write_text(f'database = "postgresql:///nothing?host={tmp_path}"\n')

        with pytest.raises(AssertionError, match="pelagos: error: The database does not answer") as caught:
            hub_world.Process(state)

        assert "Traceback" not in str(caught.value)
