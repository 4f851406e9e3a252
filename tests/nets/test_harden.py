"""Hard nets: the gates' decision, the same points as the soft net on held-out images and larger ones, and in files."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from spoton import get_learner, get_task
from spoton.data import Array, PointData
from spoton.errors import DataError, MissingExtra, UsageError
from spoton.layers import InkGate, NeighbourGate, point_candidates
from spoton.layers._candidates import hard_candidates
from spoton.learners import TorchRegressor
from spoton.nets import GatedSpot, LogScanNet, SpotNet, harden
from spoton.nets._harden import HardGate, HardNet
from spoton.testing import tiny_images


def both_sides(name: str, seed: int = 0) -> tuple[PointData, PointData]:
    data, split = get_task(name).data(), get_task(name).split(seed)
    return data.take(split.train), data.take(split.valid)


@pytest.fixture(scope="module")
def topleft() -> tuple[TorchRegressor, PointData]:
    """spotnet, and images that it has not seen."""
    train, valid = both_sides("pnist/topleft")
    learner: TorchRegressor = get_learner("spotnet").set_params(random_state=0).fit(train.X, train.y.to_numpy())
    return learner, valid


def in_a_larger_image(X: Array, height: int, width: int, x: int, y: int) -> Array:
    out = np.zeros((len(X), 1, height, width), dtype=np.float32)
    out[:, :, y : y + 28, x : x + 28] = X
    return out


def soft_points(net: torch.nn.Module, X: Array) -> Array:
    net = net.eval()
    with torch.no_grad():
        points: Array = net.decode(net(torch.tensor(X))).numpy()  # type: ignore[operator]
    return points


def hard_points(net: Callable[[Tensor], Tensor], X: Array) -> Array:
    points: Array = net(torch.tensor(X)).numpy()
    return points


def sizes(X: Array) -> list[Array]:
    """The images, one alone, and in larger images."""
    return [X, X[:1], in_a_larger_image(X[:50], 56, 56, 20, 7), in_a_larger_image(X[:20], 61, 112, 1, 30)]


def test_the_hard_net_gives_the_points_of_the_soft_net(topleft: tuple[TorchRegressor, PointData]) -> None:
    learner, valid = topleft
    hard = harden(learner.module_, valid.X)
    assert (hard.agreement, hard.rows, len(hard.different)) == (1.0, len(valid), 0)
    assert np.array_equal(hard_points(hard, valid.X), valid.y.to_numpy())
    for X in sizes(valid.X):
        assert np.array_equal(hard_points(hard, X), soft_points(learner.module_, X))


def test_it_says_what_was_learned(topleft: tuple[TorchRegressor, PointData]) -> None:
    """All digits are 0 where they are no ink: the neighbours matter to no grey level, and the rule is a threshold."""
    learner, valid = topleft
    hard = harden(learner.module_, valid.X)
    assert "outputs=(top_first x, top y), agreement=1 on 142 images" in repr(hard)
    assert "ink is x > 0.00196" in repr(hard)  # half a grey level
    assert "in company" in repr(harden(learner.module_, valid.X * 0.99))  # no grey levels of 8 bits
    assert (hard(torch.zeros(2, 1, 30, 40)) == -1).all()


def test_the_soft_net_is_left_as_it_is(topleft: tuple[TorchRegressor, PointData]) -> None:
    learner, valid = topleft
    net = learner.module_.train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    hard = harden(net, valid.X)
    assert net.training
    assert all(p.requires_grad for p in net.parameters())
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
    assert not hard.train().training
    assert not any(p.requires_grad for p in hard.parameters())


def test_images_in_all_forms(topleft: tuple[TorchRegressor, PointData]) -> None:
    learner, valid = topleft
    for X in (valid.X[:9, 0], np.rint(valid.X[:9] * 255).astype(np.uint8), torch.tensor(valid.X[:9])):
        assert harden(learner.module_, X).rows == 9
    assert learner.harden(valid.X[:9]).agreement == 1


def test_torch_export_gives_the_same_points(topleft: tuple[TorchRegressor, PointData], tmp_path: Path) -> None:
    learner, valid = topleft
    hard = learner.harden(valid.X)
    program = torch.export.load(hard.export(tmp_path / "hard.pt2")).module()
    for X in sizes(valid.X):
        assert np.array_equal(hard_points(program, X), hard_points(hard, X))


def onnx_session(hard: HardNet, path: Path) -> Callable[[Array], Array]:
    for package in ("onnx", "onnxscript"):
        pytest.importorskip(package, reason="needs the extra: pip install 'spoton[onnx]'")
    runtime = pytest.importorskip("onnxruntime", reason="needs the extra: pip install 'spoton[onnx]'")
    session = runtime.InferenceSession(hard.export(path), providers=["CPUExecutionProvider"])
    return lambda X: session.run(["points"], {"images": X})[0]  # type: ignore[no-any-return]


def test_the_extra_for_onnx_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for package in ("onnx", "onnxscript"):
        with monkeypatch.context() as without:
            without.setitem(sys.modules, package, None)
            with pytest.raises(MissingExtra, match=r"pip install 'spoton\[onnx\]'"):
                HardNet().export(tmp_path / "net.onnx")


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own exporter, from within
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_onnxruntime_gives_the_same_points(topleft: tuple[TorchRegressor, PointData], tmp_path: Path) -> None:
    """A threshold, and the rule with neighbours."""
    learner, valid = topleft
    for i, factor in enumerate((1.0, 0.99)):
        hard = learner.harden(valid.X * factor)
        run = onnx_session(hard, tmp_path / f"{i}.onnx")
        for X in sizes(valid.X * factor):
            assert np.array_equal(run(X), hard_points(hard, X))


def test_a_gated_net_trained_a_little() -> None:
    """The hard net votes as the soft one does; where it does not, it says so."""
    train, valid = both_sides("qnist/if37")
    learner = get_learner("gatedspot?epochs=3&width=8").set_params(random_state=0)
    learner.fit(train.X[:200], train.y.to_numpy()[:200])
    hard = learner.harden(valid.X, atleast=0.5)
    same = (hard_points(hard, valid.X) == soft_points(learner.module_, valid.X)).all(axis=1)
    assert hard.agreement == same.mean()
    assert np.array_equal(hard.different, np.flatnonzero(~same))
    assert "outputs" not in repr(hard)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own exporter, from within
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_a_gated_net(tmp_path: Path) -> None:
    train, valid = both_sides("qnist/if37")
    learner = get_learner("gatedspot").set_params(random_state=0).fit(train.X, train.y.to_numpy())
    hard = learner.harden(valid.X)
    assert hard.agreement == 1
    assert (hard_points(hard, valid.X) == valid.y.to_numpy()).all(axis=1).mean() > 0.95
    run = onnx_session(hard, tmp_path / "hard.onnx")
    program = torch.export.load(hard.export(tmp_path / "hard.pt2")).module()
    for X in (valid.X, valid.X[:1]):
        assert np.array_equal(run(X), hard_points(hard, X))
        assert np.array_equal(hard_points(program, X), hard_points(hard, X))


def test_two_points_of_one_image() -> None:
    """A gated net of two points by hand: sharp gate, the first always (left, top), the second (right, bottom)."""
    X, y = tiny_images(20, 24, 31)
    net = GatedSpot((1, 24, 31), 4)
    with torch.no_grad():
        net.gate.ink.log_threshold.fill_(-4.0)
        net.gate.ink.log_sharpness.fill_(3.0)
        net.head.gates.weight.zero_()
        chosen = torch.full((2, 7, 7), -20.0)
        chosen[0, 0, 0], chosen[1, 1, 1] = 0.0, 0.0
        net.head.gates.bias.copy_(chosen.flatten())
    hard = harden(net, X)
    assert np.array_equal(hard_points(hard, X[:, None].astype(np.float32) / 255), np.hstack([y, y + 2]))


def test_disagreement_is_told() -> None:
    """A net that was never trained: its soft gate and its even mixture decode to other points."""
    torch.manual_seed(0)
    X, _ = tiny_images(40)
    net = SpotNet()
    with pytest.raises(
        DataError, match=r"other points on \d+ of 40 images \(rows \d+, .*\.\.\.\), and atleast=1 of them have to agree"
    ):
        harden(net, X)
    hard = harden(net, X, atleast=0)
    assert 0 <= hard.agreement < 1
    assert len(hard.different) == round(40 * (1 - hard.agreement))
    assert harden(net, X, atleast=hard.agreement).agreement == hard.agreement


def test_what_cannot_be_hardened(tmp_path: Path) -> None:
    X, _ = tiny_images(4)
    with pytest.raises(UsageError, match="harden takes a trained SpotNet or GatedSpot; LogScanNet reads its answers"):
        harden(LogScanNet(), X)
    with pytest.raises(UsageError, match="atleast is the share of images that have to agree, 0 to 1, not 50"):
        harden(SpotNet(), X, atleast=50)
    for wrong in (X[:0], np.zeros((3, 5))):
        with pytest.raises(DataError, match="harden checks the points on images"):
            harden(SpotNet(), wrong)
    net = SpotNet()
    net.gate = torch.nn.Identity()  # type: ignore[assignment]
    with pytest.raises(UsageError, match="harden knows the gates InkGate and NeighbourGate, not Identity"):
        harden(net, X)
    with pytest.raises(UsageError, match=r"a file that ends in .onnx or .pt2, not 'net.pth'"):
        HardNet().export(tmp_path / "net.pth")


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_the_gate_s_decision_is_that_of_the_soft_mask(seed: int) -> None:
    """Any weights and sharpness, any pixels: m > 1/2."""
    torch.manual_seed(seed)
    x = torch.rand(4, 9, 11, dtype=torch.float64) ** 3 * (torch.rand(4, 9, 11) < 0.5)
    for gate in (InkGate(), NeighbourGate(), NeighbourGate(5)):
        gate = gate.double()
        if isinstance(gate, NeighbourGate):
            torch.nn.init.normal_(gate.pull, -2.0, 2.0)
        assert torch.equal(HardGate(gate)(x) > 0, gate(x) > 0)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_on_grey_levels_it_is_a_threshold_where_neighbours_do_not_matter(seed: int) -> None:
    torch.manual_seed(seed)
    x = torch.randint(0, 256, (4, 9, 11)) * (torch.rand(4, 9, 11) < 0.5) / 255
    gate = NeighbourGate()
    torch.nn.init.normal_(gate.pull, 0.0, 1.0)
    with torch.no_grad():
        gate.pull[1, 1] = 6.0
        gate.ink.log_threshold.fill_(math.log(76.5 / 255))  # between two levels
        gate.ink.log_sharpness += 2.0
    hard = HardGate(gate, grey=True)
    assert hard.weights is None
    assert torch.equal(hard(x) > 0, gate(x) > 0)
    with torch.no_grad():
        gate.pull[1, 1] = -6.0  # specks are no ink
    hard = HardGate(gate, grey=True)
    assert hard.weights is not None
    assert torch.equal(hard(x) > 0, gate(x) > 0)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_hard_candidates_are_the_modes_of_sharp_masks(seed: int) -> None:
    mask = np.random.RandomState(seed).rand(3, 6, 9) < 0.15
    mask[:, 1, 4] = True
    z = torch.from_numpy(np.where(mask, 1000.0, -1000.0)).float()
    for hard, log_p in zip(hard_candidates(z), point_candidates(z), strict=True):
        assert torch.equal(hard, log_p.argmax(-1))
    for none in hard_candidates(-z.abs()):
        assert (none == -1).all()
