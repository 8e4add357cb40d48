from __future__ import annotations

import re
from pathlib import Path

import pytest

import hub_world
from web import training
from web.visits import Visitor

PAGE = "/modules/counting/train"


class TestTheForm:
    def test_draws_arguments_data_and_offers(self, visitor: Visitor) -> None:
        page = visitor.get(PAGE).text

        assert re.search(r'name="epochs"[^>]*value="3"', page)
        assert 'name="_upload" multiple' in page
        assert 'name="_site" value="local"' in page
        assert "It starts at once." in page
        # The folder is chosen as a data set, not typed beside it.
        assert 'name="dataset"' not in page

    def test_takes_the_arguments_of_an_earlier_run(self, visitor: Visitor) -> None:
        number = training.trained(visitor, epochs="5", _cpus="1")

        page = visitor.get(f"{PAGE}?from={number}").text

        assert re.search(r'name="epochs"[^>]*value="5"', page)
        assert re.search(r'name="_cpus"[^>]*value="1"', page)

    def test_offers_to_go_on_from_what_that_run_saved(self, visitor: Visitor) -> None:
        number = training.trained(visitor, epochs="1")
        page = visitor.get(f"{PAGE}?from={number}").text

        begun = training.begin(visitor, _from=number, _resume="1")
        refused = training.send(visitor, _from=number, _resume="1", epochs="many").text

        assert 'name="_resume" value="1">' in page
        assert 'name="_resume"' not in visitor.get(PAGE).text
        spec = visitor.hub.jobs.run_folder(begun).spec()
        assert spec is not None
        assert spec["resume"] == str(visitor.hub.jobs.run_folder(number).model)
        assert 'name="_resume" value="1" checked' in refused
        training.ended(visitor, begun)

    def test_of_a_module_that_cannot_be_trained_says_so(self, visitor: Visitor) -> None:
        answer = visitor.get("/modules/trivial/train")

        assert answer.status_code == 404
        assert "cannot be trained" in answer.text

    def test_of_a_module_that_is_not_installed_says_so(self, visitor: Visitor) -> None:
        assert "is not installed" in visitor.get("/modules/plankton/train").text


class TestTraining:
    def test_uses_an_uploaded_archive_and_keeps_it(self, visitor: Visitor) -> None:
        archive = ("birds.zip", training.zipped("birds/finch/1.txt", "birds/tern/2.txt"))

        number = training.begin(visitor, files=[("_upload", archive)], _data="upload", _name="birds")

        assert training.ended(visitor, number).result["files"] == 2
        assert [each.name for each in visitor.hub.datasets.list()] == ["birds"]

    def test_uses_plain_files(self, visitor: Visitor) -> None:
        files = [("_upload", (f"{name}.txt", b"1")) for name in "abc"]

        number = training.begin(visitor, files=files, _data="upload")

        assert training.ended(visitor, number).result["files"] == 3

    def test_uses_a_data_set_of_the_hub_or_a_folder(self, visitor: Visitor, tmp_path: Path) -> None:
        (tmp_path / "one").write_bytes(b"1")
        visitor.hub.datasets.add_files("kept", [("a", tmp_path / "one"), ("b", tmp_path / "one")])

        kept = training.begin(visitor, _data="kept", _dataset="kept")
        folder = training.begin(visitor, _data="folder", _folder=str(visitor.hub.datasets.get("kept").path))

        assert [training.ended(visitor, number).result["files"] for number in (kept, folder)] == [2, 2]

    def test_runs_with_the_resources_asked_for(self, visitor: Visitor) -> None:
        number = training.begin(visitor, _cpus="1", _memory_gb="0,5", _hours="2", _site="local")

        found = visitor.hub.jobs.get(number).resources
        assert (found.cpus, found.memory_mb, found.wall_time_s) == (1, 512, 7200)

    def test_sent_twice_is_one_run_and_one_data_set(self, visitor: Visitor) -> None:
        files = [("_upload", ("birds.zip", training.zipped("a", "b")))]

        first, second = (training.begin(visitor, files=files, _key="k" * 32, _data="upload") for _ in range(2))

        assert first == second
        assert len(visitor.hub.datasets.list()) == 1
        assert training.begin(visitor, _key="k" * 32, epochs="4") != first


class TestARefusal:
    def test_names_every_fault_and_keeps_what_was_typed(self, visitor: Visitor) -> None:
        answer = training.send(visitor, epochs="lots", delay_s="0.5")

        assert answer.status_code == 422
        assert re.search(r'name="epochs"[^>]*value="lots"[^>]*aria-invalid="true"', answer.text)
        assert re.search(r'name="delay_s"[^>]*value="0.5"', answer.text)

    def test_of_resources_shows_them_at_their_fields(self, visitor: Visitor) -> None:
        answer = training.send(visitor, _cpus="-1", _memory_gb="much")

        assert answer.status_code == 422
        assert answer.text.count("is not a whole number from 1.") == 2
        assert re.search(r'name="_memory_gb"[^>]*value="much"[^>]*aria-invalid="true"', answer.text)

    def test_keeps_an_upload_so_that_it_need_not_be_sent_again(self, visitor: Visitor) -> None:
        files = [("_upload", ("birds.zip", training.zipped("a")))]

        answer = training.send(visitor, files=files, _data="upload", _key="f" * 32, epochs="lots")

        (kept,) = visitor.hub.datasets.list()
        assert f'<option value="{kept.name}" selected>' in answer.text
        assert 'name="_data" value="kept" checked' in answer.text

    def test_of_a_body_that_cannot_be_read_is_a_page(self, visitor: Visitor) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Origin": hub_world.ORIGIN}

        answer = visitor.ask("POST", PAGE, content=b"nonsense", headers=headers)

        assert answer.status_code == 400
        assert "<h1>" in answer.text

    def test_of_a_broken_archive_says_what_is_wrong(self, visitor: Visitor) -> None:
        answer = training.send(visitor, files=[("_upload", ("birds.zip", b"PK\x03\x04 no"))], _data="upload")

        assert answer.status_code == 422
        assert visitor.hub.datasets.list() == ()
        assert visitor.hub.jobs.count() == 0

    @pytest.mark.parametrize("source", ["kept", "upload", "url", "folder"])
    def test_of_a_source_that_was_left_empty_says_so(self, visitor: Visitor, source: str) -> None:
        answer = training.send(visitor, _data=source)

        assert answer.status_code == 422
        assert f'value="{source}" checked' in answer.text
        assert visitor.hub.jobs.count() == 0

    def test_of_a_folder_that_is_not_there_says_so(self, visitor: Visitor) -> None:
        answer = training.send(visitor, _data="folder", _folder="/nowhere")

        assert "&#39;/nowhere&#39; is not a folder" in answer.text
        assert 'value="/nowhere"' in answer.text

    def test_when_no_site_can_take_it_says_why(self, visitor: Visitor) -> None:
        answer = training.send(visitor, _gpus="999")

        assert answer.status_code == 409
        assert "No site can take it" in answer.text

    def test_escapes_what_was_typed(self, visitor: Visitor) -> None:
        answer = training.send(visitor, epochs=training.HOSTILE, _cpus=training.HOSTILE, _url=training.HOSTILE)

        assert "window.hacked" in answer.text
        assert "<img" not in answer.text.partition("<main")[2]
