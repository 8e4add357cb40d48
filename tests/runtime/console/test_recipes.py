from __future__ import annotations

import shlex

from pelagos.runtime.console import recipes
from runtime.console.test_fields import method, parameter

METHOD = method(
    parameter("image", type="string", format="binary", required=True),
    parameter("top_k", type="integer"),
    parameter("fast", type="boolean"),
)


def words(command: str) -> list[str]:
    """Read a command as a shell does; its continued lines are one."""
    return shlex.split(command.replace("\\\n", ""))


ORIGIN = "http://127.0.0.1:5000"


class TestPredict:
    def test_says_the_same_in_three_languages(self) -> None:
        found = recipes.predict(
            ORIGIN, "birds", METHOD, [("image", "a b.png"), ("top_k", "3"), ("fast", "false")], "ab12"
        )

        assert words(found.command) == [
            "pelagos", "predict", "birds", "a b.png", "--top-k", "3", "--no-fast", "--model", "ab12",
        ]  # fmt: skip
        assert words(found.curl) == [
            "curl", f"{ORIGIN}/v2/models/birds/predict/", "-F", "image=@a b.png",
            "--form-string", "top_k=3", "--form-string", "fast=false", "--form-string", "model=ab12",
        ]  # fmt: skip
        compile(found.python, "recipe", "exec")

    def test_cannot_be_broken_out_of(self) -> None:
        nasty = "$(reboot)'\"; rm -rf ~ \n`id`"

        found = recipes.predict(ORIGIN, "birds", METHOD, [("image", nasty), ("top_k", nasty)])

        assert nasty in words(found.command)
        assert f"top_k={nasty}" in words(found.curl)
        compile(found.python, "recipe", "exec")

    def test_names_a_stand_in_for_what_is_required(self) -> None:
        assert recipes.example(METHOD) == [("image", "PICTURE.jpg")]
        assert recipes.example(METHOD, [("image", "mine.png")]) == [("image", "mine.png")]


class TestEnding:
    def test_uses_the_one_verb_of_v2(self) -> None:
        found = recipes.ending(ORIGIN, "birds", "ab12", verb="cancel")

        assert found.command == "pelagos jobs cancel ab12"
        assert words(found.curl) == ["curl", "-X", "DELETE", f"{ORIGIN}/v2/models/birds/train/ab12"]


PINNED = {
    "parameters": [
        {"name": name, "in": where, "required": False, "schema": {"type": "string"}}
        for name, where in (("a", "query"), ("X-B", "headers"), ("c", "cookies"), ("d", None), ("e", "json"))
    ]
}


class TestPinnedArguments:
    def test_are_written_where_the_module_looks(self) -> None:
        said = [("a", "1 &"), ("X-B", "2"), ("c", "3"), ("d", "4")]

        recipe = recipes.predict("http://here", "m", PINNED, said)

        assert "'http://here/v2/models/m/predict/?a=1+%26'" in recipe.curl
        assert "-H 'X-B: 2'" in recipe.curl
        assert "-b c=3" in recipe.curl
        assert "--form-string d=4" in recipe.curl
        assert 'headers={"X-B": "2"}' in recipe.python
        assert 'cookies={"c": "3"}' in recipe.python

    def test_are_a_json_body_when_the_module_wants_that(self) -> None:
        recipe = recipes.predict("http://here", "m", PINNED, [("e", "[1]")])

        assert """--json '{"e": [1]}'""" in recipe.curl
        assert "json={'e': [1]}" in recipe.python
