"""The words of DEEP and AI4OS cards in the catalog's own: libraries, tasks, kinds of data, what a module can do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LIBRARIES: Mapping[str, str] = {
    "tensorflow": "TensorFlow",
    "tensorflow-v1": "TensorFlow",
    "keras": "Keras",
    "pytorch": "PyTorch",
    "torch": "PyTorch",
    "scikit-learn": "scikit-learn",
    "sklearn": "scikit-learn",
    "onnx": "ONNX",
    "caffe": "Caffe",
    "mxnet": "MXNet",
    "jax": "JAX",
    "xgboost": "XGBoost",
    "huggingface": "Hugging Face",
}
KINDS_OF_DATA: Mapping[str, str] = {
    "image": "image",
    "images": "image",
    "video": "video",
    "audio": "audio",
    "text": "text",
    "nlp": "text",
    "tabular": "tabular",
    "time series": "time series",
    "graph": "graph",
}
TASKS: Mapping[str, str] = {
    "image classification": "image-classification",
    "imagine classification": "image-classification",
    "audio classification": "audio-classification",
    "object detection": "object-detection",
    "semantic segmentation": "image-segmentation",
    "image segmentation": "image-segmentation",
    "image style transfer": "image-to-image",
    "nlp": "natural-language-processing",
    "federated learning": "federated-learning",
}
ABILITIES: Mapping[str, str] = {
    "trainable": "trainable",
    "ai4 trainable": "trainable",
    "inference": "inference",
    "ai4 inference": "inference",
    "pre-trained": "pretrained",
    "pretrained": "pretrained",
    "ai4 pre trained": "pretrained",
}
CATEGORIES: Mapping[str, str] = {
    "general purpose": "general purpose",
    "earth observation": "earth observation",
    "remote sensing": "earth observation",
    "citizen science": "citizen science",
    "cyber-security": "cyber-security",
    "cybersecurity": "cyber-security",
    "medical imaging": "biological and medical science",
}
_TECHNICAL = {"docker", "api-v1", "api-v2", "services"}
_NOTHING = {"other", ""}


def known(said: Iterable[str], words: Mapping[str, str]) -> list[str]:
    """Pick the words that a table knows, in its spelling."""
    return _once(words[word.strip().casefold()] for word in said if word.strip().casefold() in words)


def libraries(said: Iterable[str]) -> list[str]:
    """Spell the names of libraries alike; “Other” says nothing."""
    return _once(LIBRARIES.get(word.casefold(), word) for word in said if word.casefold() not in _NOTHING)


def kinds_of_data(said: Iterable[str]) -> list[str]:
    """Spell kinds of data alike; “Other” says nothing."""
    return _once(
        KINDS_OF_DATA.get(word.casefold(), word.casefold()) for word in said if word.casefold() not in _NOTHING
    )


def tasks(said: Iterable[str]) -> list[str]:
    """Write tasks as other catalogs do, `computer-vision`; “Other” says nothing."""
    return _once("-".join(word.casefold().split()) for word in said if word.casefold() not in _NOTHING)


def tags(said: Iterable[str]) -> list[str]:
    """Leave out what is said elsewhere on the card, or of no use to a reader."""
    elsewhere = _TECHNICAL | _NOTHING | set(ABILITIES) | set(LIBRARIES) | set(KINDS_OF_DATA)
    return _once(word.strip() for word in said if word.strip().casefold() not in elsewhere)


def _once(words: Iterable[str]) -> list[str]:
    return list({word.casefold(): word for word in words}.values())
