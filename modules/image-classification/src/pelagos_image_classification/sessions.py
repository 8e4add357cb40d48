"""ONNX Runtime sessions: within the thread budget, and from a graph that was optimised for this machine only once.

Optimising takes 30 to 60 ms of every start; the optimised graph is kept and loads in 12 ms. It holds weights laid out
for one kind of processor, so its name depends on the processor and on the version of ONNX Runtime.
"""

import contextlib
import functools
import hashlib
import os
import platform
import tempfile
from collections.abc import Callable
from pathlib import Path

import onnxruntime
from pelagos import module

from pelagos_image_classification import onnx_graph, weights
from pelagos_image_classification.images import Picture
from pelagos_image_classification.weights import Floats

CACHE = "image-classification"
_ERRORS_ONLY = 3
_KEPT = 32


def classifier(graph: Path) -> onnxruntime.InferenceSession:
    """Open a classifier for predictions."""
    return _opened(graph, hashlib.sha256(graph.read_bytes()).hexdigest())


def pretrained(image_size: int = 224) -> onnxruntime.InferenceSession:
    """Open the classifier with the pretrained weights; its graph is written at the first use."""
    graph = kept(f"pretrained-{image_size}", lambda: onnx_graph.classifier(weights.pretrained(), image_size))
    return _opened(graph, graph.stem)


def extractor(image_size: int, colours: onnx_graph.Colours | None = None) -> onnxruntime.InferenceSession:
    """Open the frozen backbone, which gives features and activations."""
    name = f"features-{image_size}-{hashlib.sha256(repr(colours).encode()).hexdigest()[:8]}"
    graph = kept(name, lambda: onnx_graph.features(weights.pretrained(), image_size, colours))
    return _opened(graph, graph.stem)


def probabilities(session: onnxruntime.InferenceSession, pictures: Picture) -> Floats:
    """Classify a batch of pictures."""
    answer: Floats = session.run([onnx_graph.PROBABILITIES], {onnx_graph.INPUT: pictures})[0]
    return answer


def kept(name: str, write: Callable[[], bytes]) -> Path:
    """Find a graph in the cache or write it there; its name tells the weights and the version of the writer."""
    graph = module.cache(CACHE) / "graphs" / f"{name}-{weights.SHA256[:12]}-{onnx_graph.VERSION}.onnx"
    if not graph.is_file():
        _write(graph, write())
    return graph


def _opened(graph: Path, name: str) -> onnxruntime.InferenceSession:
    ready = module.cache(CACHE) / "optimised" / f"{name}-{_machine()}.onnx"
    try:
        content = ready.read_bytes()  # At once, for another process may remove an old one at any moment.
    except FileNotFoundError:
        return _optimised(graph, ready)
    options = _options()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def _optimised(graph: Path, ready: Path) -> onnxruntime.InferenceSession:
    ready.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ready.parent) as place:
        options = _options()
        options.optimized_model_filepath = str(Path(place) / ready.name)
        session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        (Path(place) / ready.name).replace(ready)
    _prune(ready.parent)
    return session


def _prune(folder: Path) -> None:
    """Remove the oldest optimised graphs, for their models may be gone; one that is asked for again is made again."""
    dated = []
    for path in folder.glob("*.onnx"):
        with contextlib.suppress(FileNotFoundError):
            dated.append((path.stat().st_mtime, path))
    for _, path in sorted(dated)[:-_KEPT]:
        path.unlink(missing_ok=True)


def _options() -> onnxruntime.SessionOptions:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = module.threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    # Waiting threads that spin take the core from the worker beside this one.
    options.add_session_config_entry(
        "session.intra_op.allow_spinning", "0" if os.environ.get("PELAGOS_SPIN") == "0" else "1"
    )
    return options


@functools.cache
def _machine() -> str:
    """Tell the processor's instruction set and ONNX Runtime's version in a few letters."""
    try:
        flags = next(
            line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith(("flags", "Features"))
        )
    except (OSError, StopIteration):
        flags = platform.processor()
    return hashlib.sha256(f"{platform.machine()} {onnxruntime.__version__} {flags}".encode()).hexdigest()[:12]


def _write(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(name).replace(target)
