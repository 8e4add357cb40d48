"""The main job from end to end, as a program that calls Pelagos would do it: train on real pictures, then predict.

Starts the runtime, trains, predicts while the training runs, predicts the held-back pictures with the new model, prints
accuracy and confusion matrix, stops the runtime. Needs `rich`, which comes with `pelagos[serve]`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

MODULE = "image-classification"
START_LIMIT_S = 60.0
TRAINING_LIMIT_S = 240.0
QUICK_S = 2.0
"""A prediction takes a tenth of this: one that took longer, and was answered after the training, waited for its end."""
console = Console()


def main() -> int:
    """Run the demonstration; the exit code is 0 when everything worked."""
    options = _options()
    resources = options.pictures.resolve() / "planktonclas" / "resources"
    lists = resources / "dataset_files"
    images = resources / "demo-images"
    with _runtime(options.state, options.port) as address:
        client = Client(address)
        training = client.train(dataset=lists.parent, images_directory=images, mode="fast", epochs=options.epochs)
        console.print(f"Training [bold]{training['uuid']}[/] on {_count(lists / 'train.txt')} plankton pictures")
        training = _follow(client, training["uuid"], _held_back(lists, images)[0][0])
        _print_result(training)
        right = _predict_held_back(client, training["uuid"], lists, images)
        page = f"{address}/console/trainings/{training['uuid']}"
        console.print(f"\nThe page of this training: {page}", soft_wrap=True)
    console.print(
        "The runtime has ended now; [bold]make serve[/] starts it again, then open that page in your browser."
    )
    return 0 if right else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="where jobs and models are kept")
    parser.add_argument("--pictures", type=Path, required=True, help="folder into which `planktonclas` was installed")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--epochs", type=int, default=15)
    return parser.parse_args()


class Client:
    """Talks to the runtime over its REST contract, with the standard library only."""

    def __init__(self, address: str) -> None:
        self._base = f"{address}/v2/models/{MODULE}"

    def train(self, **arguments: Any) -> dict[str, Any]:
        """Start a training and give its record."""
        body = json.dumps({name: str(value) if isinstance(value, Path) else value for name, value in arguments.items()})
        headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex}
        return self._ask(urllib.request.Request(f"{self._base}/train/", body.encode(), headers))

    def training(self, training: str) -> dict[str, Any]:
        """Give the record of a training as it is now."""
        return self._ask(urllib.request.Request(f"{self._base}/train/{training}"))

    def progress(self, training: str) -> dict[str, Any]:
        """Give how far a training is and the metrics it has logged."""
        return self._ask(urllib.request.Request(f"{self._base}/train/{training}/progress"))

    def predict(self, picture: Path, model: str = "pretrained") -> dict[str, Any]:
        """Classify one picture."""
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\n{model}\r\n'.encode(),
            f'--{boundary}\r\nContent-Disposition: form-data; name="image"; filename="picture.jpg"\r\n\r\n'.encode(),
            picture.read_bytes(),
            f"\r\n--{boundary}--\r\n".encode(),
        ]
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._ask(urllib.request.Request(f"{self._base}/predict/", b"".join(parts), headers))["predictions"]

    def _ask(self, request: urllib.request.Request) -> dict[str, Any]:
        request.add_header("Accept", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{request.full_url}: {error.code} {error.read().decode()}") from None


@contextlib.contextmanager
def _runtime(state: Path, port: int) -> Iterator[str]:
    command = [str(Path(sys.executable).with_name("pelagos")), "run", MODULE, "--listen-port", str(port)]
    address = f"http://127.0.0.1:{port}"
    console.print(f"$ pelagos run {MODULE}   [dim]({address})[/]")
    state.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "PELAGOS_STATE_DIR": str(state.resolve())}
    with (state / "demo-server.log").open("ab") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
    try:
        _wait_until_up(process, address, state / "demo-server.log")
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)


def _wait_until_up(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise SystemExit("the runtime did not start:\n" + log.read_text()[-2000:])
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=2):
            return
        time.sleep(0.05)
    raise SystemExit(f"no answer at {address} within {START_LIMIT_S:.0f} s")


def _follow(
    client: Client, training: str, picture: Path, clock: Callable[[], float] = time.monotonic
) -> dict[str, Any]:
    """Show the training until it ends, and predict once while it runs; ends the program when either does not work."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )
    deadline, predicted, waited_s = clock() + TRAINING_LIMIT_S, False, 0.0
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("starting", total=1.0)
        while clock() < deadline:
            record, state = client.training(training), client.progress(training)
            bar.update(task, completed=state["fraction"], description=_line(state))
            if record["status"] != "running":
                break
            if not predicted and state["state"] == "running":
                asked = clock()
                answer = client.predict(picture)
                waited_s = clock() - asked
                predicted = client.training(training)["status"] == "running"
                when = "while it trains" if predicted else "just after"
                bar.console.print(f"Predicted {when}, with the pretrained model: {answer['labels'][0]}")
            time.sleep(0.1)
    if record["status"] != "done":
        raise SystemExit(f"the training ended as {record['status']}: {record.get('message', '')}")
    if not predicted and waited_s > QUICK_S:
        raise SystemExit(f"no prediction came while the training ran: it was answered after {waited_s:.1f} s")
    return record


def _line(state: dict[str, Any]) -> str:
    last = state["metrics"][-1] if state["metrics"] else {}
    numbers = [f"{name} {value:.3f}" for name, value in last.items() if name in ("accuracy", "val_accuracy")]
    return "  ".join([state["message"] or "starting", *numbers])


def _print_result(training: dict[str, Any]) -> None:
    result = training["result"]["output"]
    console.print(f"Trained in {training['result']['duration']}: network {result['network']}")
    table = Table(title="Confusion matrix (rows: true class, columns: predicted)")
    table.add_column("")
    for number in range(len(result["classes"])):
        table.add_column(str(number), justify="right")
    for number, row in enumerate(result["confusion_matrix"]):
        table.add_row(f"{number} {result['classes'][number]}", *(str(count) for count in row))
    console.print(table)


def _predict_held_back(client: Client, model: str, lists: Path, images: Path) -> int:
    pictures = _held_back(lists, images)
    classes = (lists / "classes.txt").read_text().splitlines()
    right = 0
    for picture, label in pictures:
        answer = client.predict(picture, model)
        hit = answer["labels"][0] == classes[label]
        right += hit
        mark = "[green]right[/]" if hit else f"[red]wrong[/], it is {classes[label]}"
        told = f"{answer['labels'][0]} {answer['probabilities'][0]:.0%}"
        console.print(f"  ...{picture.name[-16:]}  {told:<24} {mark}", highlight=False)
    console.print(f"Accuracy on {len(pictures)} held-back pictures: [bold]{right}/{len(pictures)}[/]")
    return right


def _held_back(lists: Path, images: Path) -> list[tuple[Path, int]]:
    pairs = [line.rsplit(" ", 1) for line in (lists / "test.txt").read_text().splitlines() if line.strip()]
    return [(images / path, int(label)) for path, label in pairs]


def _count(path: Path) -> int:
    return sum(1 for line in path.read_text().splitlines() if line.strip())


if __name__ == "__main__":
    sys.exit(main())
