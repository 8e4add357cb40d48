"""One training from the data set to the written model: a usable model after seconds, further rungs while they pay."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pelagos.module import BadInput, Training

from pelagos_image_classification import arguments, dataset, extras, ladder, material, papers, report, rungs, stages

DECODE, FIRST, JUDGE = "decode the pictures", "write and judge the model of rung 1", "write and judge the model"
_SHARES = {DECODE: 1.0, ladder.LOOK: 4.0, ladder.HEAD: 1.0, JUDGE: 1.0}
_TORCH_SHARES = {2: 8.0, 3: 30.0}
_TABLE = 30  # Classes up to which the log shows the confusion matrix.
_LADDER = {"fast": (), "normal": (2, 3), "full": (3,)}


def train(run: Training, folder: Path, options: arguments.Options) -> dict[str, Any]:
    """Train on the data set in `folder`; raises BadInput, BadDataSet or Cancelled."""
    planned = _planned(options)
    phases = stages.Stages(run, {**_SHARES, **_further_shares(planned)})
    data = _read(folder, options)
    with phases.stage(DECODE) as watch:
        ready = material.prepare(data, options, run.cache, watch, notes=_notes(options, planned))
        for note in ready.notes:
            stages.say(note)
        for name, reason in ready.broken:
            stages.say(f"left out {name}: {reason}")
    climbing = ladder.Ladder(run, ready, phases)
    best = climbing.first(tail=2 in planned)
    if planned:
        # The further rungs may take hours: whoever stops or loses them has a model all the same.
        _written(run, ready, phases, FIRST, best=best, history=climbing.history)
        best = _climbed(climbing, planned, best, keep_best=options.use_best_model)
    result = _written(run, ready, phases, JUDGE, best=best, history=climbing.history)
    shutil.rmtree(run.model / ladder.CHECKPOINTS, ignore_errors=True)
    _tell(result)
    return result


def _planned(options: arguments.Options) -> tuple[int, ...]:
    """Tell which rungs after the first may be climbed; those need torch."""
    if extras.present("train"):
        return _LADDER[options.mode]
    if options.mode == "full":
        missing = f"'full' needs PyTorch, which is not installed: {extras.command('train')}; 'fast' does without"
        raise BadInput(missing, field="mode")
    return ()


def _further_shares(planned: tuple[int, ...]) -> dict[str, float]:
    first = {FIRST: 1.0} if planned else {}
    return {**first, **{ladder.TORCH_RUNGS[number]: _TORCH_SHARES[number] for number in planned}}


def _notes(options: arguments.Options, planned: tuple[int, ...]) -> tuple[str, ...]:
    """Tell what was asked for and does not happen when only rung 1 is climbed."""
    if planned:
        return ()
    told = []
    if _LADDER[options.mode]:
        told.append(f"only rung 1 was climbed, for PyTorch is not installed: {extras.command('train')}")
    if options.for_further_rungs:
        told.append(f"not used, for only rungs 2 and 3 do: {', '.join(options.for_further_rungs)}")
    return tuple(told)


def _read(folder: Path, options: arguments.Options) -> dataset.DataSet:
    data = dataset.read(
        folder,
        images_directory=options.images_directory,
        split_ratios=options.split_ratios,
        use_validation=options.use_validation,
        seed=options.seed,
    )
    count = len(data.classes)
    if options.num_classes not in {None, count}:
        raise BadInput(f"{options.num_classes} given, but the data set has {count} classes", field="num_classes")
    parts = f"{len(data.train)} training, {len(data.val)} validation, {len(data.test)} test"
    stages.say(f"{count} classes; pictures: {parts}")
    return data


def _climbed(climbing: ladder.Ladder, planned: tuple[int, ...], best: rungs.Result, *, keep_best: bool) -> rungs.Result:
    """Climb on as long as it pays; without `keep_best` the last rung that was climbed counts."""
    for number in planned:
        result = climbing.further(number, best)
        gained = result.better(best)
        said = "gains" if gained else "does not gain"
        stages.say(f"rung {number} {said}: calibrated validation loss {result.val_loss:.3f} after {best.val_loss:.3f}")
        best = result if gained or not keep_best else best
        if not gained:
            break
    return best


def _written(
    run: Training,
    ready: material.Material,
    phases: stages.Stages,
    name: str,
    *,
    best: rungs.Result,
    history: Sequence[dict[str, float | None]],
) -> dict[str, Any]:
    """Write the model and its papers, in place of those of an earlier rung; gives the report."""
    with phases.stage(name) as watch:
        result = papers.write(run, ready, best, watch)
    result["timings_s"] = {**phases.timings, "total": phases.elapsed_s}
    result["learning_curve"] = list(history)
    papers.keep(run, ready, result)
    return result


def _tell(result: dict[str, Any]) -> None:
    if result["judged_by"]:
        stages.say(f"accuracy on the {result['judged_by']} pictures: {result['accuracy']:.3f}")
        if len(result["classes"]) <= _TABLE:
            stages.say(report.table(result["confusion_matrix"], result["classes"]))
    stages.say(f"done in {result['timings_s']['total']:.2f} s on rung {result['rung']}: {result['rung_name']}")
