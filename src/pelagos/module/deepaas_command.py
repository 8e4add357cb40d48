"""`deepaas-cli`, run by the module's own Python: `python -m pelagos.module.deepaas_command NAME ENTRY WORDS...`.

Results go to standard output, everything that the module prints to standard error. The exit code is 0, 1 when the
module failed, 2 when the words were not understood or the module refused the arguments.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import datetime
import inspect
import json
import mimetypes
import os
import pathlib
import shutil
import sys
import tempfile
import traceback
import uuid
from typing import Any, BinaryIO, Callable, Dict, Iterable, Iterator, Mapping, Optional, Sequence

from pelagos.module import (
    answers,
    deepaas,
    deepaas_accept,
    deepaas_answers,
    deepaas_fields,
    deepaas_functions,
    deepaas_library,
    deepaas_parsing,
    deepaas_surroundings,
    loading,
)
from pelagos.module.adapter import Refused
from pelagos.module.files import File

DONE, FAILED, USAGE = 0, 1, 2
OUTPUT = "--deepaas_method_output"
_OURS = "pelagos_"


class Command:
    """The functions of one module as commands."""

    def __init__(self, functions: deepaas_functions.Functions, results: BinaryIO) -> None:
        self._functions = functions
        self._results = results
        self._fields = {method: functions.fields(method) for method in deepaas_functions.METHODS}

    def run(self, words: Sequence[str]) -> int:
        """Run one command line."""
        given = self._parser().parse_args(list(words))
        method = getattr(given, f"{_OURS}method") or "get_metadata"
        output = getattr(given, f"{_OURS}output_behind", None) or getattr(given, f"{_OURS}output")
        with _running():
            return _COMMANDS[method](self, given, output)

    def metadata(self, _given: argparse.Namespace, output: Optional[str]) -> int:
        """Show the module's metadata."""
        self._write([answers.encode(self._functions.metadata())], output)
        return DONE

    def warm(self, _given: argparse.Namespace, _output: Optional[str]) -> int:
        """Get the module ready."""
        self._functions.warm()
        return DONE

    def predict(self, given: argparse.Namespace, output: Optional[str]) -> int:
        """Predict, and write what the module returns."""
        with self._called("predict", given) as (function, arguments):
            result = function(**arguments)
            accept = arguments.get(deepaas_accept.NAME) or deepaas_accept.JSON
            if accept in (deepaas_accept.JSON, deepaas_accept.ANYTHING) or isinstance(result, (dict, list)):
                self._write(_json(result), _with_suffix(output, deepaas_accept.JSON))
            else:
                self._write(_pieces(result, accept), _with_suffix(output, accept))
        return DONE

    def train(self, given: argparse.Namespace, output: Optional[str]) -> int:
        """Train, and write the record that DEEPaaS's training routes give."""
        with self._called("train", given) as (function, arguments), _housekeeping():
            shown = {name: _shown(value) for name, value in arguments.items()}
            began = datetime.datetime.now()
            result = function(**arguments)
            ended = datetime.datetime.now()
        told = {"finish_date": str(ended), "duration": str(ended - began), "output": result}
        record = {"date": str(began), "args": shown, "status": "done", "uuid": uuid.uuid4().hex, "result": told}
        self._write([answers.encode(record)], output)
        return DONE

    @contextlib.contextmanager
    def _called(self, method: str, given: argparse.Namespace) -> Iterator[Any]:
        function = self._functions.function(method)
        if function is None:
            raise Refused(501, f"the module has no function '{method}'".encode())
        with tempfile.TemporaryDirectory(prefix="deepaas-cli-") as folder:
            fields = self._fields[method]
            said = {name: getattr(given, _OURS + name) for name in fields}
            sent = {name: _sent(fields[name], value, folder) for name, value in said.items() if value is not None}
            arguments = deepaas_parsing.Reader(fields).by_keyword({**_own_accept(fields), **sent})
            self._functions.warm()
            yield function, arguments

    def _write(self, pieces: Iterable[bytes], output: Optional[str]) -> None:
        if output is None:
            self._show(pieces)
            return
        path = pathlib.Path(output)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as opened:
            opened.writelines(pieces)
        print(f"Output is saved in {path}", file=sys.stderr)

    def _show(self, pieces: Iterable[bytes]) -> None:
        piece = b""
        for piece in pieces:
            self._results.write(piece)
            self._results.flush()
        if piece and piece[:1] in b'{["' and not piece.endswith(b"\n"):
            self._results.write(b"\n")

    def _parser(self) -> argparse.ArgumentParser:
        parser = argparse.ArgumentParser(prog="deepaas-cli", description=__doc__, allow_abbrev=False)
        parser.add_argument(OUTPUT, dest=f"{_OURS}output", metavar="FILE", help="write the result to FILE")
        for word in ("--deepaas_with_multiprocessing", "--nodeepaas_with_multiprocessing"):
            parser.add_argument(word, action="store_true", help=argparse.SUPPRESS)
        methods = parser.add_subparsers(dest=f"{_OURS}method", metavar="{get_metadata,warm,predict,train}")
        for name, act in _COMMANDS.items():
            below = methods.add_parser(name, help=act.__doc__, description=act.__doc__, allow_abbrev=False)
            below.add_argument(OUTPUT, dest=f"{_OURS}output_behind", metavar="FILE", help=argparse.SUPPRESS)
            for key, field in self._fields.get(name, {}).items():
                _add(below, key, field)
        return parser


_COMMANDS: Mapping[str, Callable[..., int]] = {
    "get_metadata": Command.metadata,
    "warm": Command.warm,
    "predict": Command.predict,
    "train": Command.train,
}


def main(words: Optional[Sequence[str]] = None) -> int:
    """Run one command line of `deepaas-cli`; gives the exit code."""
    name, entry, *rest = sys.argv[1:] if words is None else words
    with _results() as results:
        try:
            deepaas.prepare()
            with _running():
                command = Command(deepaas_functions.Functions(loading.target(entry), name), results)
            return command.run(rest)
        except Refused as refused:
            print(f"deepaas-cli: {refused}", file=sys.stderr)
            return USAGE if refused.status < 500 else FAILED
        except Exception as error:  # The isolation point: the module's code may raise anything.
            refusal = deepaas_answers.refusal(error, {})
            print(f"deepaas-cli: {refusal}" if refusal else traceback.format_exc(), file=sys.stderr)
            return FAILED


@contextlib.contextmanager
def _running() -> Iterator[None]:
    """Take it for a failure when the module's code ends its own process: the exit code is ours."""
    try:
        yield
    except SystemExit as ended:
        raise RuntimeError(f"the module ended its own process: sys.exit({ended.code!r})") from ended


@contextlib.contextmanager
def _results() -> Iterator[BinaryIO]:
    """Keep standard output for results: what the module prints, also from C and child processes, goes to the error."""
    sys.stdout.flush()
    with os.fdopen(os.dup(1), "wb") as results:
        os.dup2(2, 1)
        yield results


@contextlib.contextmanager
def _housekeeping() -> Iterator[None]:
    """Keep the training from others on this machine; a port that the caller chose for its monitor stays."""
    chosen = os.environ.get(deepaas_surroundings.PORT, "")
    with tempfile.TemporaryDirectory(prefix="deepaas-cli-") as folder:
        deepaas_surroundings.make(pathlib.Path(folder), port=chosen)
        if not chosen:
            print(f"{deepaas_surroundings.PORT} is {os.environ[deepaas_surroundings.PORT]}", file=sys.stderr)
        yield


def _add(parser: argparse.ArgumentParser, key: str, field: Any) -> None:
    schema = deepaas_fields.schema_of(field)
    words = [str(field.metadata.get("description", "")).replace("%", "%%"), f"Type: {_type(schema)}"]
    default = deepaas_library.default_of(field)
    if not field.required and not deepaas_library.absent(default):
        words.append(f"Default: {default}".replace("%", "%%"))
    if "enum" in schema:
        words.append(f"Choices: {schema['enum']}".replace("%", "%%"))
    text = "\n".join(filter(None, words))
    parser.add_argument(f"--{key}", dest=_OURS + key, required=bool(field.required), metavar="VALUE", help=text)


def _type(schema: Mapping[str, Any]) -> str:
    if schema.get("format") == "binary":
        return "path of a file"
    kind = str(schema.get("type", "any"))
    return {"array": 'list, as "[...]"', "object": 'dict, as "{...}"'}.get(kind, kind)


def _own_accept(fields: Mapping[str, Any]) -> Dict[str, Any]:
    """On the command line the default of `accept` is the module's own, not its first choice."""
    field = fields.get(deepaas_accept.NAME)
    default = None if field is None else deepaas_library.default_of(field)
    return {deepaas_accept.NAME: default} if isinstance(default, str) else {}


def _sent(field: Any, value: str, folder: str) -> Any:
    """Read a word of the command line: lists and dicts as Python or JSON, files by path (the module gets a copy)."""
    if deepaas_library.is_file(field):
        paths = _literal(value) if deepaas_library.is_many(field) and value.startswith("[") else [value]
        files = [_copied(str(path), folder) for path in paths]
        return files if deepaas_library.is_many(field) else files[0]
    if deepaas_library.is_many(field) or deepaas_library.is_a(field, "Dict", "Nested"):
        return _literal(value)
    return value


def _literal(value: str) -> Any:
    for read in (ast.literal_eval, json.loads):
        try:
            return read(value)
        except (ValueError, SyntaxError):  # noqa: PERF203 - two rounds
            continue
    return value


def _copied(path: str, folder: str) -> File:
    source = pathlib.Path(path)
    if not source.is_file():
        raise Refused(422, f"there is no file '{path}'".encode())
    target = pathlib.Path(tempfile.mkdtemp(dir=folder)) / source.name
    shutil.copyfile(str(source), str(target))
    return File(path, path=target)


def _shown(value: Any) -> Any:
    return list(value) if hasattr(value, "original_filename") else value


def _json(result: Any) -> Iterable[bytes]:
    """Write a result as JSON; what comes piece by piece has a line for each, as it comes."""
    if inspect.isgenerator(result):
        return (answers.encode(value) + b"\n" for value in result)
    return [answers.encode(result)]


def _pieces(result: Any, media_type: str) -> Iterable[bytes]:
    body = deepaas_answers.answer(result, media_type, None).body
    return [body] if isinstance(body, bytes) else body


def _with_suffix(output: Optional[str], media_type: str) -> Optional[str]:
    """Give the name of the output file as DEEPaaS does: another suffix than that of the media type is added to."""
    suffix = mimetypes.guess_extension(media_type)
    if output is None or suffix is None or pathlib.PurePath(output).suffix == suffix:
        return output
    print(f"{output} does not end in {suffix}: the output is {output}{suffix}", file=sys.stderr)
    return output + suffix


if __name__ == "__main__":
    sys.exit(main())
