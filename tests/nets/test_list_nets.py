"""Nets for lists: exact on lists far longer than those of training, and honest about what they cannot answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from spoton import evaluate, get_learner, get_task
from spoton.errors import Refused, UsageError
from spoton.nets import DeepSets, OrderNet, PointerNet
from spoton.testing import tiny_images, tiny_lists, tiny_table

PAD = -100.0


def by_hand(n_out: int, *, falling: bool, last: bool, position: bool) -> OrderNet:
    """An OrderNet whose few parameters say what it has to find."""
    net = OrderNet((5,), n_out).eval()
    net.scale.low.fill_(PAD)
    net.scale.high.fill_(99.0)
    with torch.no_grad():
        net.threshold.fill_(0.25)
        net.select.weights.zero_()[0, 2 * falling + last] = 9.0
        net.reading.copy_(torch.tensor([9.0, 0.0] if position else [0.0, 9.0]))
    return net


def answers(net: OrderNet, x: Tensor) -> np.ndarray:
    with torch.no_grad():
        found: np.ndarray = net.decode(net(x)).numpy()
    return found


def padded(seed: int, rows: int, length: int, columns: int, highest: int = 99) -> Tensor:
    random = np.random.RandomState(seed)
    x = random.randint(0, highest + 1, (rows, columns)).astype(np.float32)
    x[np.arange(columns) >= random.randint(1, length + 1, (rows, 1))] = PAD
    return torch.from_numpy(x)


@pytest.mark.parametrize("columns", [1, 2, 40, 500])
def test_what_the_parameters_say_holds_for_any_length(columns: int) -> None:
    """Lists full of equal numbers: the first or the last of them, as asked."""
    x = padded(columns, 8, columns, columns, highest=9)
    table, backwards = x.numpy(), x.numpy()[:, ::-1]
    held = [row[row >= 0] for row in table]
    find = {
        "first max": answers(by_hand(1, falling=True, last=False, position=True), x)[:, 0],
        "last max": answers(by_hand(1, falling=True, last=True, position=True), x)[:, 0],
        "max": answers(by_hand(1, falling=True, last=False, position=False), x)[:, 0],
        "first min": answers(by_hand(1, falling=False, last=False, position=True), x)[:, 0],
    }
    assert np.array_equal(find["first max"], table.argmax(1))
    assert np.array_equal(find["last max"], columns - 1 - backwards.argmax(1))
    assert np.array_equal(find["max"], table.max(1))
    assert find["first min"].tolist() == [row.argmin() for row in held]
    ranked = answers(by_hand(columns, falling=False, last=False, position=False), x)
    order = answers(by_hand(columns, falling=False, last=False, position=True), x).astype(int)
    for row, found, places in zip(table, ranked, order, strict=True):
        numbers = row[row >= 0]
        assert np.array_equal(found, [*np.sort(numbers), *row[row < 0]])
        assert np.array_equal(places[: len(numbers)], numbers.argsort(kind="stable"))
        assert np.array_equal(np.sort(places), np.arange(columns))


def test_neighbouring_floats_are_told_apart() -> None:
    net = by_hand(1, falling=True, last=False, position=True)
    one = np.float32(0.7)
    near = np.array([[np.nextafter(one, np.float32(0)), one, np.nextafter(one, np.float32(1)), one]])
    assert answers(net, torch.from_numpy(near)).item() == 2


def test_fourteen_parameters_whatever_the_size() -> None:
    for net in (OrderNet(), OrderNet((7,), 3), OrderNet((500,), 500)):
        assert sum(p.numel() for p in net.parameters()) == 14


@pytest.mark.parametrize(
    "task", ["lists/argmax?ties=0.5&rows=800", "lists/max?numbers=real&rows=800", "lists/sort?longest=12"]
)
def test_ordernet_is_exact_on_lists_longer_than_those_of_training(task: str) -> None:
    run = evaluate("ordernet", task, seed=11)
    assert run.status == "ok", run.reason
    assert run.parameters == 14
    key = "hit" if "hit" in run.metrics["test"] else "mae"
    assert {side: values[key] for side, values in run.metrics.items()} == dict.fromkeys(
        run.metrics, 1 if key == "hit" else 0
    )


def test_a_trained_net_goes_on_to_lists_of_any_length() -> None:
    """Trained on 8 numbers at most, asked for the order of 600."""
    data = get_task("lists/sort?longest=10&ties=0.5&rows=300").data()
    learner = get_learner("ordernet?epochs=20").set_params(random_state=11)
    net = learner.fit(data.X, data.y.to_numpy()).module_.eval()
    net.n_out = 600
    x = padded(0, 10, 600, 600)
    for row, found in zip(x.numpy(), answers(net, x), strict=True):
        assert np.array_equal(found, [*np.sort(row[row >= 0]), *row[row < 0]])


def test_numbers_of_any_size() -> None:
    """Prices in millions, or shares of a thousandth."""
    X, y = tiny_lists(200)
    for unit in (1e6, 1e-3):
        table = (X * unit).to_numpy().astype(np.float32)
        learner = get_learner("ordernet?epochs=20").set_params(random_state=0)
        predicted = learner.fit(table[:150], table[:150].max(1)).predict(table[150:])
        assert np.array_equal(predicted, table[150:].max(1))
    assert y.shape == (200,)


def test_the_best_three_and_their_places() -> None:
    """Nothing was made for it: three outputs are the first three places of the order."""
    X, _ = tiny_lists(200, length=7)
    table = X.to_numpy()
    places = (-table).argsort(axis=1, kind="stable")[:, :3].astype(np.float64)
    best = np.take_along_axis(table, places.astype(int), axis=1)
    for y in (places, best):
        learner = get_learner("ordernet?epochs=20").set_params(random_state=0)
        assert np.array_equal(learner.fit(X[:150], y[:150]).predict(X[150:]), y[150:])


def test_soft_and_hard_agree_where_the_net_is_sure() -> None:
    task = get_task("lists/argmax?rows=300&longest=12")
    data = task.data()
    learner = get_learner("ordernet?epochs=20").set_params(random_state=3).fit(data.X, data.y.to_numpy().ravel())
    net, x = learner.module_.eval(), torch.tensor(data.X.to_numpy(), dtype=torch.float32)
    hard = answers(net, x)
    net.hard = False
    assert (answers(net, x) == hard).mean() > 0.99


def test_peers_learn_what_they_were_shown() -> None:
    """Within the lengths of training both do well on the maximum; beyond is what the benchmark shows."""
    X, y = tiny_lists(600)
    for name, least in (("pointernet?lr=0.003", 0.8), ("deepsets+ynorm?pool=max&lr=0.01", 0.8)):
        learner = get_learner(name)
        learner.set_params(**{key: 0 for key in learner.get_params() if key.split("__")[-1] == "random_state"})
        predicted = learner.fit(X[:500], y[:500]).predict(X[500:])
        assert (np.rint(predicted) == y[500:]).mean() > least, name


@pytest.mark.parametrize("name", ["ordernet", "pointernet", "deepsets"])
def test_images_are_refused(name: str) -> None:
    with pytest.raises(Refused, match=f"{name} takes lists, .* take spotnet or resnet18"):
        get_learner(name).fit(*tiny_images())


@pytest.mark.parametrize("name", ["ordernet", "pointernet"])
def test_answers_that_are_no_elements_are_refused(name: str) -> None:
    with pytest.raises(Refused, match="numbers of the list or with their positions, and the answers here, such as"):
        get_learner(name).fit(*tiny_table())
    X, y = tiny_lists()
    with pytest.raises(Refused, match="not all the one or all the other"):
        get_learner(f"{name}+ynorm").fit(X, y)
    with pytest.raises(Refused, match="points at 5 columns, and 6 answers are more"):
        get_learner(name).fit(X, np.repeat(y[:, None], 6, axis=1))


def test_a_pool_is_named_right() -> None:
    with pytest.raises(UsageError, match="no pool is called 'min'; known: mean, max, sum"):
        DeepSets(pool="min")


def test_an_untrained_net_answers() -> None:
    """Nothing was met yet, so nothing is scaled."""
    for net in (OrderNet((5,), 2), PointerNet((5,), 2)):
        log_p, values = net.eval()(torch.rand(3, 5))
        assert log_p.shape == (3, 2, 10)
        assert torch.isfinite(log_p).all()
        assert torch.isfinite(values).all()


@pytest.mark.slow
def test_the_exported_net_answers_as_the_net() -> None:
    net = by_hand(5, falling=False, last=False, position=False)
    x = padded(1, 4, 5, 5)
    exported = torch.export.export(net, (x,)).module()
    for a, b in zip(exported(x), net(x), strict=True):
        assert torch.equal(a, b)
