"""A running job on a terminal: bar, metrics by step, the end of the log. Needs rich."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import rich.console
import rich.live
import rich.panel
import rich.progress
import rich.table
import rich.text

from pelagos.cli import output
from pelagos.domain import records

if TYPE_CHECKING:
    from pelagos import jobs

Row = Mapping[str, Any]
_STEPS = 8
_LOG_LINES = 8


class LiveView:
    """Use it as `with LiveView() as view:`; what stands there last stays on the terminal."""

    def __init__(self) -> None:
        self._console = rich.console.Console(stderr=True)
        self._bar = rich.progress.Progress(
            rich.progress.TextColumn("{task.description}"),
            rich.progress.BarColumn(),
            rich.progress.TaskProgressColumn(),
            rich.progress.TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("queued", total=1.0)
        self._rows: deque[Row] = deque(maxlen=_STEPS)
        self._log = ""
        self._live = rich.live.Live(console=self._console, refresh_per_second=10, get_renderable=self.picture)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def show(self, job: records.Job, folder: jobs.RunFolder, rows: Sequence[Row]) -> None:
        """Take what is new; the terminal follows at its own pace."""
        self._rows.extend(rows)
        progress = folder.progress() or {}
        done = 1.0 if str(job.state) == "done" else float(progress.get("fraction", 0.0))
        text = str(job.state) if job.state.final else progress.get("message") or str(job.state)
        self._bar.update(self._task, completed=done, description=text)
        self._log = folder.log_tail(_LOG_LINES).data.decode("utf-8", "replace")

    def picture(self) -> rich.console.Group:
        """Draw how it stands."""
        log = rich.text.Text(self._log.rstrip(), overflow="ellipsis", no_wrap=True)
        parts: list[rich.console.RenderableType] = [self._bar]
        if self._rows:
            parts.append(_table(list(self._rows)))
        if self._log:
            parts.append(rich.panel.Panel(log, title="log", title_align="left", border_style="dim"))
        return rich.console.Group(*parts)


def _table(rows: Sequence[Row]) -> rich.table.Table:
    names = list(dict.fromkeys(name for row in rows for name in row if name not in ("step", "time")))
    table = rich.table.Table(box=None, pad_edge=False)
    for head in ("step", *names):
        table.add_column(head, justify="right")
    for row in rows:
        table.add_row(str(row["step"]), *(output.number(row.get(name)) for name in names))
    return table
