"""The Python client against a real hub."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

import hub_world
import pelagos
from pelagos.cli import client as clients
from pelagos.domain import errors


@pytest.fixture
def client(running_hub: hub_world.Process) -> clients.Client:
    return pelagos.Client(state_dir=running_hub.state)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "inner").mkdir(parents=True)
    for name in ("a.txt", "inner/b.txt"):
        (folder / name).write_text("1")
    return folder


class TestClient:
    def test_finds_the_hub_of_a_state_folder_and_who_it_is_there(self, client: clients.Client) -> None:
        assert (client.me().name, client.me().via) == ("local", "token")

    def test_says_what_to_do_where_no_hub_runs(self, tmp_path: Path) -> None:
        with pytest.raises(errors.NotFound, match="No hub runs"):
            pelagos.Client(state_dir=tmp_path)

    def test_raises_the_errors_of_the_hub(self, client: clients.Client) -> None:
        with pytest.raises(errors.NotFound, match="There is no job"):
            client.runs.get("0" * 32)
        with pytest.raises(errors.InvalidInput) as bad:
            client.train("counting", epochs="many")

        assert list(bad.value.faults) == ["epochs"]

    def test_says_when_the_hub_does_not_answer(self) -> None:
        with pytest.raises(errors.Unavailable, match="does not answer"):
            pelagos.Client("http://127.0.0.1:9", "token").me()

    def test_is_let_in_by_its_token_only(self, running_hub: hub_world.Process) -> None:
        with pytest.raises(errors.Unauthenticated):
            pelagos.Client(running_hub.address, "wrong").me()

    def test_gives_the_versions_of_a_card(self, client: clients.Client) -> None:
        client.ask("POST", "/sources/installed/refresh")

        (only,) = client.modules.versions("trivial")
        former = client.modules.get("trivial", version=only.version)

        assert (only.version, only.newest, only.installed) == ("1.0.0", True, True)
        assert former.card == client.modules.get("trivial").card
        with pytest.raises(errors.NotFound, match="no version"):
            client.modules.get("trivial", version="0.9")

    def test_plans_without_starting_anything(self, client: clients.Client) -> None:
        good, bad = client.plan(), client.plan({"cpus": 100_000})

        assert (good.site, bad.site) == ("local", None)
        assert bad.rows[0]["reasons"] != []


class TestImport:
    def test_needs_the_standard_library_only(self) -> None:
        code = "import sys, pelagos; pelagos.Client; print(*{name.partition('.')[0] for name in sys.modules})"

        ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=60)

        # What starts with the interpreter, such as the hooks of editable installs, is not ours.
        assert not {"sqlalchemy", "starlette", "httpx", "aiohttp", "pydantic", "rich"} & set(ran.stdout.split())


class TestDatasets:
    def test_are_uploaded_as_folders_and_archives(self, client: clients.Client, pictures: Path, tmp_path: Path) -> None:
        packed = tmp_path / "p.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.writestr("one.txt", "1")

        folder, zipped = client.datasets.upload("folder", pictures), client.datasets.upload("zipped", packed)

        assert (folder.files, zipped.files) == (2, 1)
        assert {"folder", "zipped"} <= {each.name for each in client.datasets.list()}

    def test_are_there_once(self, client: clients.Client, pictures: Path) -> None:
        client.datasets.upload("once", pictures)

        with pytest.raises(errors.Conflict):
            client.datasets.upload("once", pictures)

    def test_are_refused_whole_when_an_archive_leads_out(self, client: clients.Client, tmp_path: Path) -> None:
        packed = tmp_path / "evil.tar"
        with tarfile.open(packed, "w") as archive:
            archive.add(__file__, "../evil.txt")

        with pytest.raises(errors.InvalidInput):
            client.datasets.upload("evil", packed)

        assert "evil" not in {each.name for each in client.datasets.list()}

    def test_are_deleted(self, client: clients.Client, pictures: Path) -> None:
        client.datasets.upload("short-lived", pictures)

        client.datasets.delete("short-lived")

        with pytest.raises(errors.NotFound):
            client.datasets.get("short-lived")


class TestRun:
    def test_trains_on_an_uploaded_folder_and_is_followed(self, client: clients.Client, pictures: Path) -> None:
        run = client.train("counting", dataset=pictures, epochs=4)

        heard = list(run.follow())

        assert (run.state, run.result["epochs"], run.result["files"]) == ("done", 4, 2)
        assert "".join(text for name, text in heard if name == "log").count("epoch") == 4
        assert [row["step"] for row in run.metrics()] == [1, 2, 3, 4]
        assert "epoch 4 of 4" in run.log()

    def test_is_one_run_for_one_key(self, client: clients.Client) -> None:
        first, second = (client.train("counting", key="the same") for _ in range(2))

        assert first.id == second.id

    def test_is_cancelled_and_deleted(self, client: clients.Client) -> None:
        run = client.train("counting", delay_s=60)

        run.cancel()
        run.wait(30)
        run.delete()

        assert (run.state, run.deleted is not None) == ("cancelled", True)

    def test_leaves_files_and_a_model_that_can_be_named(self, client: clients.Client, tmp_path: Path) -> None:
        run = client.train("counting", epochs=2).wait(30)

        model = client.models.describe(run.id, title="Two")
        aliased = client.models.alias(run.id, "best")
        archive = client.models.download(run.id, tmp_path / "m.zip")
        file = run.download("model/counting.json", tmp_path / "counting.json")

        assert (model.title, aliased.aliases) == ("Two", ["best"])
        assert zipfile.ZipFile(archive).testzip() is None
        assert run.id in file.read_text()

    def test_is_compared(self, client: clients.Client) -> None:
        one, two = client.train("counting", epochs=1), client.train("counting", epochs=2)

        assert client.runs.compare(one, two).differing == ["epochs"]

    def test_predicts_for_every_file_of_a_data_set(self, client: clients.Client, pictures: Path) -> None:
        client.datasets.upload("numbers", pictures)

        run = client.predict_batch("counting", "numbers", values=[1]).wait(60)

        assert run.state == "done", run.log()
        assert any(each.name.startswith("outputs/") for each in run.files())


class TestDeployment:
    def test_answers_through_the_hub_until_it_is_deleted(self, client: clients.Client) -> None:
        deployment = client.deploy("trivial", title="Echo", key="echo").wait(60)

        answer = deployment.predict(text="hello", number=2)
        again = client.deploy("trivial", title="Echo", key="echo")
        deployment.delete()

        assert answer["predictions"] == {"text": "hello", "number": 2}
        assert again.id == deployment.id
        assert deployment.state.startswith("DELETE_")

    def test_is_started_by_a_prediction_when_there_is_none(self, client: clients.Client, tmp_path: Path) -> None:
        numbers = tmp_path / "numbers.txt"
        numbers.write_text("3\n4\n")

        answer = client.predict("counting", values=[1, 2], file=numbers)

        assert answer["predictions"]["total"] == 10
        client.deployments.list(module="counting")[0].delete()

    def test_fails_with_a_reason(self, client: clients.Client) -> None:
        with pytest.raises(errors.InvalidInput) as bad:
            client.deploy("nothing")

        assert "there is no module 'nothing'" in bad.value.faults["module"][0]


class TestGuide:
    def test_shows_what_works(self, client: clients.Client, pictures: Path) -> None:
        guide = (Path(__file__).parents[2] / "docs" / "guide" / "api.md").read_text()
        namespace: dict[str, Any] = {}
        exec(guide.partition("```python\n")[2].partition("```")[0], namespace)

        url = namespace["deploy_the_better_one"](client, "counting", str(pictures))

        deployment = client.deployments.get(url.rstrip("/").rpartition("/")[2])
        assert deployment.predict(values=[1])["predictions"]["total"] == 21
        deployment.delete()
