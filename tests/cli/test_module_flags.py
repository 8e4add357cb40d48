import argparse
from pathlib import Path
from typing import Any

import pytest

from pelagos.cli import module_flags
from pelagos.domain import errors
from pelagos.runtime import calls


def parameter(name: str, required: bool = False, **schema: Any) -> dict[str, Any]:
    """Write a parameter as a description has it."""
    return {"name": name, "keyword": name, "required": required, "in": None, "schema": schema, "label": "", "unit": ""}


PARAMETERS = [
    parameter("top_k", type="integer", minimum=1, maximum=50, default=5),
    parameter("mode", type="string", enum=["fast", "full"], default="fast"),
    parameter("use_test", type="boolean", default=False),
    parameter("sizes", type="array", items={"type": "number"}, default=[]),
    parameter("extra", type="object", nullable=True, default=None),
    parameter("image", type="string", format="binary", nullable=True, default=None),
    parameter("dataset", type="string", format="folder", nullable=True, default=None),
    parameter("output", type="string", default="none"),
]


def read(*words: str, parameters: list[dict[str, Any]] | None = None, **options: Any) -> dict[str, Any]:
    """Read a command line of the module's flags."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    flags = module_flags.ModuleFlags(parameters or PARAMETERS, reserved=frozenset({"--output"}), **options)
    flags.add_to(parser)
    return flags.read(flags.parse(parser, words, into=argparse.Namespace()))


class TestFlags:
    def test_left_out_give_the_defaults(self) -> None:
        assert read()["top_k"] == 5
        assert read()["sizes"] == []

    @pytest.mark.parametrize("words", [["--top-k", "7"], ["--top_k", "7"], ["--top-k=7"]])
    def test_are_spelt_with_dashes_or_as_the_argument(self, words: list[str]) -> None:
        assert read(*words)["top_k"] == 7

    @pytest.mark.parametrize(
        ("words", "value"),
        [
            (["--use-test"], True),
            (["--no-use-test"], False),
            (["--use-test=true"], True),
            (["--use_test=False"], False),
        ],
    )
    def test_say_yes_and_no(self, words: list[str], value: bool) -> None:
        assert read(*words)["use_test"] is value

    @pytest.mark.parametrize("words", [["--sizes", "1", "--sizes", "2.5"], ["--sizes", "[1, 2.5]"]])
    def test_of_lists_are_repeated_or_json(self, words: list[str]) -> None:
        assert read(*words)["sizes"] == [1, 2.5]

    def test_take_json_objects(self) -> None:
        assert read("--extra", '{"a": 1}')["extra"] == {"a": 1}

    def test_take_values_that_begin_with_a_dash(self) -> None:
        assert read("--sizes", "-1", "--sizes=-2")["sizes"] == [-1, -2]

    def test_give_way_to_those_of_the_command(self) -> None:
        assert read("--module-output", "mine")["output"] == "mine"

    def test_make_a_folder_absolute(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "pictures").mkdir()
        monkeypatch.chdir(tmp_path)

        assert read("--dataset", "pictures")["dataset"] == str(tmp_path / "pictures")

    def test_hand_a_file_over_by_its_path(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"picture")

        image = read("--image", str(tmp_path / "a.jpg"))["image"]

        assert isinstance(image, calls.Upload)
        assert (image.name, image.size, image.path, image.data) == ("a.jpg", 7, tmp_path / "a.jpg", None)

    def test_hand_a_copy_to_modules_that_may_remove_it(self, tmp_path: Path) -> None:
        (tmp_path / "a.jpg").write_bytes(b"picture")

        image = read("--image", str(tmp_path / "a.jpg"), copies=True)["image"]

        assert (image.path, image.data) == (None, b"picture")


class TestRaw:
    def test_puts_every_value_at_its_place(self) -> None:
        places = {"anywhere": None, "q": "query", "X-Thing": "headers", "c": "cookies", "j": "json", "f": "form"}
        parameters = [{**parameter(name, type="string"), "in": place} for name, place in places.items()]
        parser = argparse.ArgumentParser(allow_abbrev=False)
        flags = module_flags.ModuleFlags(parameters)
        flags.add_to(parser)
        words = [f"--{name}={number}" for number, name in enumerate(places)]

        raw = flags.raw(flags.parse(parser, words, into=argparse.Namespace()))

        assert raw == {
            "query": [["q", "1"]],
            "form": [["anywhere", "0"], ["f", "5"]],
            "json": {"j": 4},
            "headers": {"x-thing": "2"},
            "cookies": {"c": "3"},
        }


class TestFaults:
    def test_are_collected(self, tmp_path: Path) -> None:
        (tmp_path / "empty").touch()
        words = ["--top-k", "99", "--mode", "slow", "--sizes", "x", "--image", str(tmp_path / "empty"), "--topk", "1"]

        with pytest.raises(errors.InvalidInput) as caught:
            read(*words)

        faults = {flag: " ".join(messages) for flag, messages in caught.value.faults.items()}
        assert set(faults) == {"--top-k", "--mode", "--sizes", "--image", "--topk"}
        assert "99" in faults["--top-k"]
        assert "'fast'" in faults["--mode"]
        assert "empty" in faults["--image"]
        assert faults["--topk"] == "there is no such argument; did you mean --top-k?"

    def test_name_a_file_that_cannot_be_read(self, tmp_path: Path) -> None:
        with pytest.raises(errors.InvalidInput, match="cannot be read: No such file"):
            read("--image", str(tmp_path / "nowhere.jpg"))

    def test_name_what_is_missing_by_its_flag(self) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            read(parameters=[parameter("a_b", required=True, type="string")])

        assert list(caught.value.faults) == ["--a-b"]

    def test_name_words_too_many(self) -> None:
        with pytest.raises(errors.InvalidInput) as caught:
            read("word")

        assert caught.value.faults == {"word": ["this is one word too many"]}


class TestHelp:
    def test_shows_choices_bounds_and_defaults(self) -> None:
        parser = argparse.ArgumentParser(prog="x")
        parameters = [*PARAMETERS, parameter("share", type="number", description="100 % is all")]
        module_flags.ModuleFlags(parameters).add_to(parser)

        text = " ".join(parser.format_help().split())

        assert "[>= 1, <= 50] (default: 5)" in text
        assert "[one of fast, full] (default: fast)" in text
        assert "100 % is all" in text


class TestInputArgument:
    @pytest.mark.parametrize(
        ("parameters", "name"),
        [
            (PARAMETERS, "image"),
            ([parameter("n", type="integer", default=1), parameter("text", required=True, type="string")], "text"),
            ([parameter("several", type="array", items={"type": "string", "format": "binary"})], "several"),
            ([parameter("n", type="integer", default=1)], None),
        ],
    )
    def test_is_the_file_or_else_what_is_needed(self, parameters: list[dict[str, Any]], name: str | None) -> None:
        assert module_flags.ModuleFlags(parameters).input_argument() == name


class TestFill:
    def filled(self, earlier: dict[str, Any], *words: str) -> dict[str, Any]:
        """Read a command line that goes on with the arguments of an earlier job."""
        parser = argparse.ArgumentParser()
        flags = module_flags.ModuleFlags(PARAMETERS, reserved=frozenset({"--output"}))
        flags.add_to(parser)
        options = flags.parse(parser, words, into=argparse.Namespace())
        flags.fill(options, earlier)
        return flags.read(options)

    def test_gives_every_kind_of_value_back(self, tmp_path: Path) -> None:
        earlier = {
            "top_k": 7,
            "mode": "full",
            "use_test": True,
            "sizes": [1, 2.5],
            "extra": {"a": [1, None]},
            "dataset": {"$folder": str(tmp_path)},
            "output": "a, b",
        }

        found = self.filled(earlier)

        assert {name: found[name] for name in earlier} == {**earlier, "dataset": str(tmp_path)}

    def test_finds_a_file_where_the_earlier_job_had_it(self, tmp_path: Path) -> None:
        (tmp_path / "0-mask.png").write_bytes(b"1")
        file = {"name": "mask.png", "content_type": "", "path": str(tmp_path / "0-mask.png")}

        assert self.filled({"image": {"$file": file}})["image"].path == tmp_path / "0-mask.png"

    def test_puts_what_is_typed_on_top(self) -> None:
        found = self.filled({"top_k": 7, "sizes": [1], "use_test": True}, "--top-k", "9", "--no-use-test")

        assert (found["top_k"], found["sizes"], found["use_test"]) == (9, [1], False)

    def test_passes_over_what_the_module_takes_no_more(self) -> None:
        assert self.filled({"gone": 1, "top_k": 5})["top_k"] == 5
