"""The walls of this module: what it may know of Pelagos, and where torch may be."""

import ast
from pathlib import Path

import pelagos_image_classification

FILES = sorted(Path(pelagos_image_classification.__file__).parent.glob("*.py"))
TORCH = {"fine_tune.py", "torch_network.py"}


def imported(path: Path) -> list[str]:
    names = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


class TestTheWalls:
    def test_know_nothing_of_pelagos_but_the_author_s_room(self) -> None:
        found = {name for path in FILES for name in imported(path) if name.split(".")[0] == "pelagos"}

        assert found
        assert all(name == "pelagos.module" or name.startswith("pelagos.module.") for name in found)

    def test_keep_torch_in_the_files_that_only_a_training_loads(self) -> None:
        with_torch = {path.name for path in FILES if any(name.split(".")[0] == "torch" for name in imported(path))}
        of_those = {
            path.name
            for path in FILES
            for name in imported(path)
            if name.startswith("pelagos_image_classification.") and f"{name.split('.')[-1]}.py" in TORCH
        }

        assert with_torch == TORCH
        assert of_those <= TORCH

    def test_have_no_import_inside_a_function(self) -> None:
        inside = [
            f"{path.name}:{node.lineno}"
            for path in FILES
            for function in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(function, ast.FunctionDef)
            for node in ast.walk(function)
            if isinstance(node, ast.Import | ast.ImportFrom)
        ]

        assert inside == []
