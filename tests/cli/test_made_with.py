import argparse
import os
import types
from pathlib import Path
from typing import Any

import pytest

from pelagos.cli import made_with, module_flags
from pelagos.domain import errors

RECIPE = {"MODULE": "cats", "version": "1.0", "--model": "pretrained", "--top-k": 5}
OTHER = {**RECIPE, "--model": "0f3c", "--top-k": 1}


def parameter(name: str, *, keyword: str = "", secret: bool = False, **schema: Any) -> dict[str, Any]:
    """Write a parameter as a description has it."""
    facts = {"name": name, "keyword": keyword or name, "secret": secret, "schema": schema}
    return {**facts, "required": False, "in": None, "label": "", "unit": ""}


PARAMETERS = [
    parameter("image", type="string", format="binary"),
    parameter("top-k", keyword="top_k", type="integer", default=5),
    parameter("mask", type="string", format="binary"),
    parameter("model", type="string"),
    parameter("token", secret=True, type="string"),
]


FACTS = {"MODULE": "cats", "version": "1.0", "--model": "0f3c"}


def recipe(parse: str, *words: str) -> made_with.Recipe:
    """Tell the recipe of a command line."""
    parser = argparse.ArgumentParser()
    flags = module_flags.ModuleFlags(PARAMETERS, reserved=frozenset({"--model"}))
    flags.add_to(parser)
    command: Any = types.SimpleNamespace(
        installed=types.SimpleNamespace(name="cats", version="1.0"),
        method={"parse": parse, "parameters": PARAMETERS},
        flags=flags,
        options=flags.parse(parser, words, into=argparse.Namespace()),
    )
    return made_with.recipe_of(command, "0f3c")


def answered(target: Path) -> Path:
    """Put an answer of long ago into a folder."""
    target.mkdir(exist_ok=True)
    answer = target / "a.jpg.json"
    answer.write_text("1")
    os.utime(answer, (1, 1))
    return answer


class TestRecipeOf:
    def test_names_module_model_and_arguments_defaults_included(self) -> None:
        assert recipe("server", "--module-model", "big") == {**FACTS, "--top-k": 5, "--module-model": "big"}

    def test_has_the_words_for_a_module_that_reads_them_itself(self) -> None:
        assert recipe("worker", "--top-k", "3") == {**FACTS, "--top-k": ["3"]}

    @pytest.mark.parametrize("parse", ["server", "worker"])
    def test_names_files_and_no_secrets(self, parse: str, tmp_path: Path) -> None:
        (tmp_path / "mask.png").write_bytes(b"1")

        told = recipe(parse, "--mask", str(tmp_path / "mask.png"), "--token", "hush")

        assert str(tmp_path / "mask.png") in str(told["--mask"])
        assert "hush" not in str(told)


class TestSettle:
    def test_lets_all_answers_count_that_were_made_in_the_same_way(self, tmp_path: Path) -> None:
        made_with.settle(tmp_path / "out", RECIPE, anew=False)
        answer = answered(tmp_path / "out")

        assert made_with.settle(tmp_path / "out", RECIPE, anew=False) <= answer.stat().st_mtime_ns

    def test_names_all_that_differs(self, tmp_path: Path) -> None:
        made_with.settle(tmp_path, RECIPE, anew=False)

        with pytest.raises(errors.InvalidInput) as refused:
            made_with.settle(tmp_path, OTHER, anew=False)

        made = f"the answers in '{tmp_path}' were made with"
        assert refused.value.faults == {
            "--model": [f'is "0f3c"; {made} "pretrained"'],
            "--top-k": [f"is 1; {made} 5"],
        }
        assert "--force" in refused.value.hint

    def test_is_not_taken_in_by_a_number_that_equals_nothing(self, tmp_path: Path) -> None:
        recipe = {"--scale": float("nan")}
        made_with.settle(tmp_path, recipe, anew=False)

        assert made_with.settle(tmp_path, recipe, anew=False) == 0

    def test_puts_earlier_answers_out_of_date_when_it_begins_anew(self, tmp_path: Path) -> None:
        made_with.settle(tmp_path, RECIPE, anew=False)
        answer = answered(tmp_path)

        since_ns = made_with.settle(tmp_path, OTHER, anew=True)

        assert since_ns > answer.stat().st_mtime_ns
        assert made_with.settle(tmp_path, OTHER, anew=False) == since_ns

    def test_goes_on_with_answers_from_before_there_was_such_a_file(self, tmp_path: Path) -> None:
        answered(tmp_path)

        assert made_with.settle(tmp_path, RECIPE, anew=False) == 0
        assert made_with.settle(tmp_path, OTHER, anew=False) == 0

    def test_is_not_misled_by_what_a_crash_left_of_its_own_file(self, tmp_path: Path) -> None:
        (tmp_path / f"{made_with.FILE}.tmp").write_text('{"recip')
        made_with.settle(tmp_path, RECIPE, anew=False)

        with pytest.raises(errors.InvalidInput):
            made_with.settle(tmp_path, OTHER, anew=False)

    @pytest.mark.parametrize("text", ["{", "[]", "{}", '{"anew": false, "recipe": 1}'])
    def test_refuses_a_file_that_it_cannot_read(self, tmp_path: Path, text: str) -> None:
        (tmp_path / made_with.FILE).write_text(text)

        with pytest.raises(errors.InvalidInput, match="is not readable"):
            made_with.settle(tmp_path, RECIPE, anew=False)
