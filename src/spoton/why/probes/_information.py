"""Which layer loses the answer: a bad backbone, or a bad head?"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import RidgeCV

from spoton.data import Array
from spoton.why._inside import Inside, calm, error_of, inside, r2
from spoton.why._picture import Picture
from spoton.why._probe import Fact, Probe
from spoton.why._stages import Stage, activations, hashed, stages
from spoton.why._study import Study

# of the root of 1 - R2: on 100 held-out rows one such error is known to a twelfth of itself, and errors that are worth
# a word lie below 1, so that a difference of 0.15 is more than its own noise
CLEAR = 0.15
NEAR = 1e-2  # sd, as a share of the mean sd, to which near-constant numbers are floored, lest they be blown up
HELD = 0.9  # R2 from which on features are said to hold the answer: an error of a third of its spread, or less
ALPHAS = np.logspace(-4, 5, 10)
FEWEST = 40  # rows, below which a ridge says nothing


@dataclass(frozen=True)
class Reading:
    """How well a ridge reads the answers after a stage: R2 on held-out rows."""

    stage: Stage
    score: float

    @property
    def error(self) -> float:
        return error_of(self.score)


class Information(Probe):
    """Ridge regression from what each layer gives to the answers, over the depth of the net."""

    name = "information"
    about = "which layer loses the answer: ridge regression on the activations after each layer"

    def look(self, study: Study) -> Iterable[Fact]:
        subject = inside(study)
        if subject is None or subject.module is None or min(len(subject.train), len(subject.valid)) < FEWEST:
            return
        with calm():
            found = stages(subject, subject.module)
            yield _shapes(self.name, subject, found)
            read = readings(study, subject, found)
            own = subject.score(subject.module.eval(), subject.valid)
        if len(read) > 1:
            yield Fact(self.name, verdict(read, own, subject.when), picture=_curve(read, own))


def readings(study: Study, subject: Inside, found: list[Stage]) -> list[Reading]:
    """The input first, then each stage, as far as the time reaches."""
    module = subject.module
    if module is None:
        return []
    given = Stage("input", "", tuple(subject.train.inputs.shape[1:]), 0)
    train, valid = (
        {"input": hashed(rows.inputs).cpu().numpy()} | activations(subject, module, found, rows.inputs)
        for rows in (subject.train, subject.valid)
    )
    answers = [rows.targets.cpu().numpy().astype(np.float64) for rows in (subject.train, subject.valid)]
    read = []
    for stage in [given, *found]:
        if stage.name in train and study.left > 0:
            score = ridge(train[stage.name], answers[0], valid[stage.name], answers[1])
            read.append(Reading(stage, score))
    return read


def ridge(train: Array, y: Array, valid: Array, y_valid: Array) -> float:
    """R2 on held-out rows of ridge regression, its penalty by leave-one-out on the training rows; 0 for constants."""
    if not (np.isfinite(train).all() and np.isfinite(valid).all()):
        return 0.0
    train, valid = train.astype(np.float64), valid.astype(np.float64)
    sd = train.std(axis=0)
    if not (sd > 0).any():
        return 0.0
    scale, middle = np.maximum(sd, NEAR * sd[sd > 0].mean()), train.mean(axis=0)
    fitted = RidgeCV(ALPHAS).fit((train - middle) / scale, y)
    return r2(y_valid, np.asarray(fitted.predict((valid - middle) / scale)).reshape(len(valid), -1))


def verdict(read: list[Reading], own: float, when: str = "") -> str:
    """What the readings are consistent with: the answer lost at a layer, not read by the head, or never found.

    Args:
        read: the input, then the stages in their order; the last ones may be the net's output itself.
        own: the net's own R2 on the same rows.
        when: of the training.
    """
    given, inner = read[0], [reading for reading in read[1:] if not _is_head(reading, read)]
    start = f"R2 of a ridge on held-out rows: {given.score:.2f} from the input"
    if not inner:
        return f"{start}; the net itself {own:.2f}{when}"
    last, best = inner[-1], min([given, *inner], key=lambda reading: reading.error)
    words = f"{start}, {last.score:.2f} from the last features, {last.stage.words}; the net itself {own:.2f}{when}"
    misses = error_of(own) - last.error > CLEAR  # the head
    if last.error - best.error > CLEAR and error_of(own) - best.error > CLEAR:
        at = lost_at([given, *inner])
        before = "from the input" if best is given else f"after {best.stage.words}"
        words += f"; {best.score:.2f} {before} and {at.score:.2f} after {at.stage.words}: consistent with the answer "
        return (
            words + f"lost at {at.stage.name}" + (", and of what is left the head does not read all" if misses else "")
        )
    if misses and last.score > HELD:
        return words + ": the features hold the answer, and the head does not read it"
    if misses:
        return words + ": the features hold more of the answer than the head reads"
    if best.error > given.error - CLEAR and error_of(own) > CLEAR:
        return words + ": no layer holds more of the answer than the input does, as far as a linear reading tells"
    return words


def lost_at(read: list[Reading]) -> Reading:
    """The first stage after which no stage comes close to the best one before it; where the error then jumps most."""
    behind = [min(reading.error for reading in read[place:]) for place in range(len(read))]
    before = [min(reading.error for reading in read[:place]) for place in range(1, len(read))]
    jumps = [behind[place] - before[place - 1] for place in range(1, len(read))]
    steep = [place for place, jump in enumerate(jumps) if jump > CLEAR]
    return read[1 + (steep[0] if steep else int(np.argmax(jumps)))]


def _is_head(reading: Reading, read: list[Reading]) -> bool:
    """Whether it belongs to the net's answer: from the last layer with weights on."""
    weighted = [place for place, found in enumerate(read) if found.stage.parameters]
    return read.index(reading) >= (weighted[-1] if weighted else len(read))


def _shapes(probe: str, subject: Inside, found: list[Stage]) -> Fact:
    """The forward pass, and its narrowest place."""
    given = tuple(subject.train.inputs.shape[1:])
    rows: Iterator[tuple[str, str, str, int]] = (
        (stage.name, stage.kind, " x ".join(map(str, stage.shape)), stage.parameters) for stage in found
    )
    weighted = [place for place, stage in enumerate(found) if stage.parameters]
    inner = found[: weighted[-1]] if weighted else []
    words = f"forward pass: {' x '.join(map(str, given))} through {len(found)} parts"
    if inner:
        narrow = min(inner, key=lambda stage: math.prod(stage.shape))
        words += f", {math.prod(narrow.shape)} numbers a row at the narrowest, {narrow.name}"
    table = Picture(
        "table",
        "shapes of a forward pass",
        columns=("part", "class", "shape", "parameters"),
        rows=(("input", "", " x ".join(map(str, given)), 0), *rows),
    )
    return Fact(probe, words, picture=table)


def _curve(read: list[Reading], own: float) -> Picture:
    return Picture(
        "curve",
        f"how much of the answer a ridge reads after each part (the net itself: {own:.2f})",
        "part",
        "R2 on held-out rows",
        x=tuple(reading.stage.name for reading in read),
        y=tuple(max(-1.0, reading.score) if math.isfinite(reading.score) else None for reading in read),
    )
