"""The greedy basis finds steps, hinges and products from hand-made data, and its gains are those of least squares."""

import numpy as np
import pytest

from spoton.learners._basis_scan import Candidates
from spoton.learners._basis_search import Search
from spoton.learners._basis_terms import DOWN, LINE, STEP, UP, Factor, formula, values_of
from spoton.learners._greedy_basis import fit_basis, mended
from spoton.learners._sparse_path import make_folds


def table(rows=120, columns=4, seed=0):
    rng = np.random.RandomState(seed)
    return rng.uniform(-1, 1, size=(rows, columns)), rng


def basis_for(X, Y, most=12):
    rng = np.random.RandomState(0)
    fold = make_folds(len(X), 5, rng)
    columns = [np.arange(X.shape[1])] * (int(fold.max()) + 2)
    return fit_basis(X, Y, fold, columns, most=most, random_state=rng)


def kinds(basis):
    return sorted(tuple(sorted((factor.kind, factor.column) for factor in term)) for term in basis.full.terms[1:])


def test_factors_by_hand():
    X = np.array([[-1.0], [0.0], [0.5], [2.0]])
    terms = [(), (Factor(STEP, 0, 0.25),), (Factor(UP, 0, 0.0),), (Factor(DOWN, 0, 0.0),), (Factor(LINE, 0),) * 2]
    np.testing.assert_array_equal(
        values_of(terms, X), [[1, 0, 0, 1, 1], [1, 0, 0, 0, 0], [1, 1, 0.5, 0, 0.25], [1, 1, 2, 0, 4]]
    )


def test_step_is_a_ramp_between_the_values_that_it_lies_between():
    X = np.array([[0.0], [0.4], [0.5], [0.55], [0.6], [1.0]])
    np.testing.assert_allclose(Factor(STEP, 0, 0.5, 0.2).of(X), [0, 0, 0.5, 0.75, 1, 1], atol=1e-15)


def test_formula_is_in_the_units_of_the_table():
    terms = [(), (Factor(STEP, 0, 0.5),), (Factor(UP, 1, -1.0),), (Factor(LINE, 0), Factor(DOWN, 1, 1.0))]
    found = formula(
        terms, np.array([1.0, 2.0, -3.0, 4.0]), ["a", "b"], np.array([0.0, 10.0]), np.array([2.0, 4.0]), 5, 2
    )
    assert found == "7 + 4 [a > 1] - 1.5 (b - 6)+ + 1 a (14 - b)+"


def test_gains_are_those_of_a_loop_over_all_functions():
    X, rng = table(rows=40, columns=3)
    X[:, 2] = X[:, 2].round(1)  # with equal values
    Y = rng.normal(size=(40, 2))
    search = Search(X, Y, parents=5)
    for _ in range(3):
        search.grow(swaps=False)
    for block in search.blocks:
        gains = (block.product**2).sum(axis=0) / np.maximum(block.length, 1e-300)
        for index in range(len(gains)):
            if block.length[index] <= block.least[index]:
                continue
            column = values_of([search.candidates.term(block.term, index)], X)
            wider = np.concatenate([search.B, column], axis=1)
            left = Y - wider @ np.linalg.lstsq(wider, Y, rcond=None)[0]
            expected = (search.residual**2).sum() - (left**2).sum()
            assert gains[index] == pytest.approx(expected, rel=1e-6, abs=1e-9), search.candidates.term(
                block.term, index
            )


def test_inner_products_and_lengths_are_those_of_the_functions():
    X, rng = table(rows=30, columns=3)
    candidates, b, v = Candidates(X), rng.normal(size=30), rng.normal(size=(2, 30))
    inner, squares = candidates.inner(b * v, pairs=True), candidates.squares(np.ones(30), pairs=True)
    plain = [candidates.term((), index) for index in range(inner.shape[1])]
    values = values_of(plain, X)
    np.testing.assert_allclose(inner, (b * v) @ values, atol=1e-10)
    np.testing.assert_allclose(squares, (values**2).sum(axis=0), atol=1e-10)


def test_swaps_never_make_it_worse():
    X, rng = table(rows=100)
    Y = sum(h * (X[:, [j]] > t) for j, (h, t) in enumerate([(2, 0.1), (-1.5, -0.4), (1, 0.6)]))
    Y = Y + 0.3 * rng.normal(size=Y.shape)
    plain, swapped = Search(X, Y, 5), Search(X, Y, 5)
    for _ in range(6):
        plain.grow(swaps=False)
        before = (swapped.residual**2).sum()
        swapped.grow()
        assert (swapped.residual**2).sum() < before
    assert (swapped.residual**2).sum() <= (plain.residual**2).sum()


def test_finds_additive_steps():
    X, _ = table(rows=200)
    Y = 2.0 * (X[:, [0]] > 0.2) - (X[:, [1]] > -0.3) + 0.5 * (X[:, [0]] > -0.5)
    basis = basis_for(X, Y - Y.mean())
    assert kinds(basis) == [((STEP, 0),), ((STEP, 0),), ((STEP, 1),)]
    assert np.abs(basis.predict(X) - Y + Y.mean()).max() < 1e-12
    assert sorted(basis.full.weights[1:, 0].round(9)) == [-1.0, 0.5, 2.0]


def test_finds_a_product_of_steps():
    X, _ = table(rows=200)
    Y = 2.0 * (X[:, [0]] > -0.2) * (X[:, [1]] > 0.1)
    basis = basis_for(X, Y)
    assert kinds(basis) == [((STEP, 0), (STEP, 1))]
    assert np.abs(basis.predict(X) - Y).max() < 1e-12


def test_finds_hinges_and_their_exact_thresholds():
    X, _ = table(rows=200)
    Y = 3 * np.maximum(X[:, [0]] - 0.2, 0) - np.maximum(-0.1 - X[:, [2]], 0)
    basis = basis_for(X, Y)
    assert basis.score < 1e-20
    thresholds = sorted(factor.at for term in basis.full.terms for factor in term if factor.kind != LINE)
    np.testing.assert_allclose(thresholds, [-0.1, 0.2], atol=1e-9)


def test_finds_products_of_columns_without_a_trace_in_either():
    X, _ = table(rows=200)
    basis = basis_for(X, X[:, [0]] * X[:, [1]] + X[:, [2]] ** 2)
    assert kinds(basis) == [((LINE, 0), (LINE, 1)), ((LINE, 2), (LINE, 2))]
    assert basis.score < 1e-24


def test_several_answers_share_the_terms():
    X, _ = table(rows=200)
    step, line = (X[:, 0] > 0.2) * 1.0, X[:, 1]
    Y = np.stack([step + line, step - line, 2 * line], axis=1)
    basis = basis_for(X, Y)
    assert basis.full.weights.shape == (3, 3)
    np.testing.assert_allclose(basis.predict(X), Y, atol=1e-10)
    np.testing.assert_allclose(basis.fold_answers(X)[:, :, 2], np.broadcast_to(Y[:, 2], (5, 200)), atol=1e-10)


def test_noise_alone_has_few_terms():
    X, rng = table(rows=200)
    assert len(basis_for(X, rng.normal(size=(200, 1))).full.terms) <= 4


@pytest.mark.parametrize("rows", [4, 5, 12])
@pytest.mark.parametrize("columns", [0, 1, 3])
def test_tiny_tables(rows, columns):
    X, rng = table(rows=rows, columns=columns)
    basis = basis_for(X, rng.normal(size=(rows, 1)))
    assert np.isfinite(basis.predict(X)).all()
    assert basis.held_out.shape == (rows, 1)


def test_constant_answers_and_constant_columns():
    X, _ = table(rows=30)
    basis = basis_for(np.ones_like(X), X[:, [0]])
    assert len(basis.full.terms) == 1
    basis = basis_for(X, np.full((30, 1), 2.0))
    assert len(basis.full.terms) == 1
    np.testing.assert_allclose(basis.predict(X), 2.0)


def test_mending_moves_a_threshold_to_its_place():
    x = np.linspace(-1, 1, 50)[:, None]
    terms, weights = mended([(), (Factor(UP, 0, 0.5),)], x, 2 * np.maximum(x - 0.123, 0) + 1)
    assert terms[1][0].at == pytest.approx(0.123, abs=1e-9)
    np.testing.assert_allclose(weights, [[1], [2]], atol=1e-9)


def test_superfluous_terms_are_taken_out_again():
    X, _ = table(rows=200)
    Y = 2.0 * (X[:, [0]] > -0.2) * (X[:, [1]] > 0.1)
    search = Search(X, Y, 5)
    while search.grow():
        pass
    assert len(search.terms) == 2
    assert np.abs(search.residual).max() < 1e-12
