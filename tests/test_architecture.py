"""The house keeps its plan: what the import contracts cannot say."""

import ast
import importlib
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "pelagos"
FORBIDDEN_NAMES = {"utils", "helpers", "common", "misc", "manager", "models"}


def source_files() -> list[Path]:
    return sorted(SOURCE.rglob("*.py")) + sorted(ROOT.glob("modules/*/src/**/*.py"))


def imported_names(tree: ast.AST) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


# A command loads its room and a driver loads its SDK only when used; a module its optional SDK when it trains.
LOADED_AT_ONCE = [path for path in source_files() if not {"cli", "drivers", "modules"} & set(path.parts)]


class TestAuthorsRoom:
    @pytest.mark.parametrize("path", sorted((SOURCE / "module").rglob("*.py")), ids=lambda path: path.name)
    def test_imports_the_standard_library_only(self, path: Path) -> None:
        names = imported_names(ast.parse(path.read_text()))

        foreign = {name for name in names if name.split(".")[0] not in sys.stdlib_module_names}

        assert {name for name in foreign if not name.startswith("pelagos.module")} == set()

    @pytest.mark.parametrize("path", sorted((SOURCE / "module").rglob("*.py")), ids=lambda path: path.name)
    def test_keeps_to_the_syntax_of_python_3_8(self, path: Path) -> None:
        ast.parse(path.read_text(), feature_version=(3, 8))


class TestFirstPartyModules:
    @pytest.mark.parametrize("path", sorted(ROOT.glob("modules/*/src/**/*.py")), ids=lambda path: path.name)
    def test_import_nothing_of_pelagos_but_its_authors_room(self, path: Path) -> None:
        names = imported_names(ast.parse(path.read_text()))

        of_pelagos = {name for name in names if name.split(".")[0] == "pelagos"}

        assert {name for name in of_pelagos if not f"{name}.".startswith("pelagos.module.")} == set()


class TestFiles:
    @pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_have_names_that_say_something(self, path: Path) -> None:
        assert path.stem not in FORBIDDEN_NAMES

    @pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_stay_under_500_lines(self, path: Path) -> None:
        assert len(path.read_text().splitlines()) <= 500

    @pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_say_what_they_are_for(self, path: Path) -> None:
        tree = ast.parse(path.read_text())

        assert ast.get_docstring(tree) or not tree.body

    @pytest.mark.parametrize("path", source_files(), ids=lambda path: str(path.relative_to(ROOT)))
    def test_keep_functions_under_50_lines(self, path: Path) -> None:

        assert [node.name for node in functions(path) if body_lines(node) > 50] == []

    @pytest.mark.parametrize("path", LOADED_AT_ONCE, ids=lambda path: str(path.relative_to(ROOT)))
    def test_import_at_their_top(self, path: Path) -> None:
        late = [
            function.name
            for function in functions(path)
            if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
        ]

        assert late == []


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Count the lines of the body, the docstring left out."""
    first = function.body[1] if ast.get_docstring(function) and len(function.body) > 1 else function.body[0]
    return (function.end_lineno or 0) - first.lineno + 1


class TestRooms:
    @pytest.mark.parametrize(
        "room", sorted(path.parent.name for path in SOURCE.glob("*/__init__.py")), ids=lambda room: room
    )
    def test_say_at_the_door_what_they_are_for(self, room: str) -> None:
        door = importlib.import_module(f"pelagos.{room}")

        assert door.__doc__

    @pytest.mark.parametrize(
        "room", sorted(path.parent.name for path in SOURCE.glob("*/__init__.py")), ids=lambda room: room
    )
    def test_name_at_the_door_all_that_they_export(self, room: str) -> None:
        tree = ast.parse((SOURCE / room / "__init__.py").read_text())

        shown = {
            alias.asname or alias.name
            for node in tree.body
            if isinstance(node, ast.ImportFrom)
            for alias in node.names
            if node.module != "__future__"
        }

        assert shown <= set(getattr(importlib.import_module(f"pelagos.{room}"), "__all__", ()))
