"""What is served: a description with the argument that the runtime adds."""

from __future__ import annotations

from typing import Any

from pelagos.runtime import service


def description(kind: str = "native", *names: str) -> dict[str, Any]:
    return {"kind": kind, "predict": {"parameters": [{"name": name} for name in names]}}


def default(made: Any) -> Any:
    return next(each["schema"]["default"] for each in made["predict"]["parameters"] if each["name"] == "model")


class TestWithModelArgument:
    def test_offers_the_pretrained_model_unless_another_was_chosen(self) -> None:
        assert default(service.with_model_argument(description())) == "pretrained"
        assert default(service.with_model_argument(description(), "production")) == "production"

    def test_leaves_alone_what_has_a_model_of_its_own(self) -> None:
        own, foreign = description("native", "model"), description("deepaas")

        assert service.with_model_argument(own, "production") is own
        assert service.with_model_argument(foreign, "production") is foreign
