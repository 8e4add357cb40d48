"""Questions about `deepaas-cli`, as batch scripts and event services call it."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from side_by_side.checks import better, same
from side_by_side.servers import Server

TOPIC = "command line"


def command(*words: str, model: str = "probe", output: str = "", read: str = "") -> Callable[[Server], Any]:
    """Ask with one command line; gives exit code, standard output and what was written to the output file."""

    def ask(server: Server) -> Any:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "photo.txt").write_bytes(b"a photo")
            before = [f"--deepaas_method_output={output}"] if output else []
            done = server.run("deepaas-cli", *before, *words, model=model, folder=folder)
            return {
                "code": done.returncode,
                "output": done.stdout.decode("utf-8", "replace"),
                "errors": done.stderr.decode("utf-8", "replace"),
                "written": sorted(path.name for path in folder.iterdir()),
                "content": _content(folder / (read or output)) if output else None,
            }

    return ask


def content(*words: str, model: str = "probe", output: str, read: str = "") -> Callable[[Server], Any]:
    """Ask with one command line; gives what was written to the output file."""
    ask = command(*words, model=model, output=output, read=read)
    return lambda server: {key: value for key, value in ask(server).items() if key in ("code", "written", "content")}


def _content(path: Path) -> Any:
    if not path.exists():
        return None
    data = path.read_bytes()
    try:
        return json.loads(data)
    except ValueError:
        return data.hex()


def as_json(seen: Any) -> Any:
    return json.loads(seen["output"])


def given(*words: str, output: str, read: str = "") -> Callable[[Server], Any]:
    """Ask for a prediction; leaves out the arguments that DEEPaaS gets wrong, which have rows of their own."""
    ask = content("predict", *words, output=output, read=read)

    def without_faults(server: Server) -> Any:
        seen = ask(server)
        told = {key: value for key, value in seen["content"].items() if key != "demo-str" and "_Missing" not in value}
        return {**seen, "content": told}

    return without_faults


same(TOPIC, "metadata in a file", content("get_metadata", output="out.json"))
same(TOPIC, "a prediction in a file", given("--number", "3", "--flag", "yes", output="out.json"))
same(TOPIC, "lists and dicts", given("--items", "[1, 2]", "--mapping", "{'b': 2}", output="out.json"))
same(TOPIC, "another suffix is added to", given(output="out.txt", read="out.txt.json"))
same(TOPIC, "a picture in a file", content("predict", "--shape", "buffer", model="probe-accept", output="out.png"))
same(TOPIC, "a folder that is not there yet", given(output="new/out.json"))
same(TOPIC, "an unknown argument", lambda server: command("predict", "--nothing", "1")(server)["code"])
better(
    TOPIC,
    "arguments without a default",
    command("predict", output="out.json"),
    fault=lambda seen: seen["content"]["plain"] == ["_Missing", "<marshmallow.missing>"],
    gives=lambda seen: "plain" not in seen["content"],
    was="they arrive as marshmallow's mark for nothing",
    now="they are absent, as in the REST API",
)
better(
    TOPIC,
    "a training in a file",
    command("train", "--epochs", "2", model="probe-trainings", output="out.json"),
    fault=lambda seen: seen["code"] == 1 and "_Missing is not JSON serializable" in seen["output"],
    gives=lambda seen: list(seen["content"]) == ["date", "args", "status", "uuid", "result"],
    was="lost, after the training has run, if one argument has no default",
    now="written",
)
better(
    TOPIC,
    "no function is named: the metadata",
    command(output="out.json"),
    fault=lambda seen: seen["code"] == 0 and seen["content"] is None,
    gives=lambda seen: seen["content"]["name"] == "probe of arguments",
    was="logged, but not written to the output file",
    now="written",
)
better(
    TOPIC,
    "a module without `get_train_args`",
    command("predict", "--text", "abc", model="probe-object", output="out.json"),
    fault=lambda seen: seen["code"] == 1 and "get_train_args" in seen["errors"],
    gives=lambda seen: seen["content"] == "ABC",
    was="the command does not start",
    now="it starts: all functions are optional",
)
better(
    TOPIC,
    "results on standard output",
    command("get_metadata"),
    fault=lambda seen: "INFO deepaas.cmd.cli [-] return: {" in seen["output"],
    gives=lambda seen: as_json(seen)["name"] == "probe of arguments",
    was="the result is a line of the log among others",
    now="the result alone, as JSON",
)
better(
    TOPIC,
    "what the module prints",
    command("predict", "--fault", "noise", model="probe-faults"),
    fault=lambda seen: "raw bytes" in seen["output"],
    gives=lambda seen: as_json(seen) == 13 and "raw bytes" in seen["errors"],
    was="on standard output, where a script looks for the result",
    now="on standard error",
)
better(
    TOPIC,
    "validators",
    command("predict", "--number", "11"),
    fault=lambda seen: seen["code"] == 0,
    gives=lambda seen: seen["code"] == 2 and "less than or equal to 10" in seen["errors"],
    was="they do not run",
    now="they run; exit code 2",
)
better(
    TOPIC,
    "arguments with a hyphen",
    command("predict", "--demo-str", "given", output="out.json"),
    fault=lambda seen: seen["content"] is None or "given" not in str(seen["content"]),
    gives=lambda seen: seen["content"]["demo-str"] == ["str", "given"],
    was="they are lost",
    now="they arrive",
)
better(
    TOPIC,
    "the option behind the function's name",
    command("get_metadata", "--deepaas_method_output", "behind.json"),
    fault=lambda seen: seen["code"] != 0,
    gives=lambda seen: seen["code"] == 0 and "behind.json" in seen["written"],
    was="refused",
    now="accepted before and behind it",
)
better(
    TOPIC,
    "a file",
    command("predict", "--data", "photo.txt", output="out.json"),
    fault=lambda seen: seen["content"]["data"]["name"] == "data" and "path_suffix" not in seen["content"],
    gives=lambda seen: seen["content"]["data"]["start"] == "a photo" and "photo.txt" in seen["written"],
    was="works, without the file's suffix",
    now="works, with the suffix; the module gets a copy that it may remove",
)
better(
    TOPIC,
    "an open file as an answer",
    command("predict", "--shape", "file", model="probe-accept", output="out.png"),
    fault=lambda seen: seen["content"] is None,
    gives=lambda seen: seen["code"] == 0 and seen["content"].startswith("89504e47"),
    was="only logged, nothing is written",
    now="written",
)
better(
    TOPIC,
    "the module is warmed",
    command("predict", "--folder", "warm", model="probe-trainings", output="out.json"),
    fault=lambda seen: seen["content"] == {"warm": False},
    gives=lambda seen: seen["content"] == {"warm": True},
    was="`warm` does not run before `predict` and `train`",
    now="it runs",
)
better(
    TOPIC,
    "values that JSON does not know",
    command("predict", "--kind", "set", model="probe-answers", output="out.json"),
    fault=lambda seen: seen["code"] != 0,
    gives=lambda seen: seen["content"] == [1],
    was="sets, dates and NumPy values end it with a traceback",
    now="they are written as JSON",
)
better(
    TOPIC,
    "a fault of the module",
    command("predict", "--fault", "http400", model="probe-faults"),
    fault=lambda seen: seen["code"] == 1 and "Traceback" in seen["output"],
    gives=lambda seen: seen["code"] == 1 and "Traceback" not in seen["errors"] and "no picture" in seen["errors"],
    was="a traceback for an error that the module meant for its user",
    now="the reason alone",
)
