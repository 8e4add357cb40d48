"""A person looks at a training's curves in TensorBoard, through the server's own port."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright import sync_api
from playwright.sync_api import expect

from journeys import stage
from journeys.conftest import begin_training

pytestmark = [
    pytest.mark.browser,
    pytest.mark.heavy,
    pytest.mark.skipif(importlib.util.find_spec("tensorboard") is None, reason="TensorBoard is not installed"),
]
Open = Callable[..., sync_api.Page]
PATIENCE_MS = 60_000


class TestMonitor:
    def test_draws_the_curves_of_a_training(self, opened: Open, served: stage.Served, dataset: Path) -> None:
        page = opened(served.url)
        number = begin_training(page, served.url, dataset, epochs="3")
        expect(page.locator("#status")).to_contain_text("done", timeout=PATIENCE_MS)
        address = page.get_by_role("link", name="Monitor").get_attribute("href")
        metrics = (served.state / "jobs" / number / "metrics.jsonl").read_text().splitlines()

        page.goto(f"{served.url}{address}", timeout=PATIENCE_MS)

        card = page.locator("scalar-card").filter(has=page.get_by_text("accuracy", exact=True)).first
        expect(card.locator("line-chart canvas, line-chart .series-view").first).to_be_visible(timeout=PATIENCE_MS)
        expect(card).to_contain_text(f"{json.loads(metrics[-1])['accuracy']:.4f}", timeout=PATIENCE_MS)
