"""Forward selection of basis functions with swaps: Friedman's MARS, widened by steps and products of columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import solve_triangular

from spoton.data import Array
from spoton.learners._basis_scan import Candidates
from spoton.learners._basis_terms import Term, values_of

DEGREE = 3  # factors in a term
DEPENDENT = 1e-9  # share of a function's squared length below which the basis holds it already
GROWTH = 1e-6  # a swap is made where its gain is larger by this share
ROUNDS = 3  # of swaps after each addition
SMALL, EVERY = 8, 4  # up to so many terms; in a larger basis one round at every fourth addition
TRIES = 8  # additions to make the basis larger by one, where terms are taken out again
DONE = 1e-26  # mean squared residual below which nothing is left


@dataclass
class Block:
    """All functions of one parent.

    Attributes:
        term: the parent. column: (n,) its values.
        product: (K, C) inner products with the answers of what of each function the basis does not hold.
        length: (C,) its squared length.
        least: (C,) squared length from which on it counts; infinite for what is not allowed.
    """

    term: Term
    column: Array
    product: Array
    length: Array
    least: Array

    @property
    def pairs(self) -> bool:
        return not self.term


class Search:
    """A basis that grows by one function at a time.

    Each function's gain is the reduction of the squared error by least squares on the basis with it: its part that is
    orthogonal to the basis is known at every time, for all functions at once. After each addition terms are taken out
    and chosen anew, so that an early threshold that made up for a later term is mended; and they are taken out for good
    where the smaller basis is better than the one of its size was (floating search: Pudil et al., 1994).

    Args:
        X: (n, D), standardised. Y: (n, K).
        parents: so many terms, 2 or more, may be multiplied: the constant and the latest ones.

    Attributes:
        terms: the basis; the first one is the constant.
    """

    def __init__(self, X: Array, Y: Array, parents: int) -> None:
        self.X, self.Y, self.parents = X, Y, parents
        self.candidates = Candidates(X)
        self.terms: list[Term] = [()]
        self.B = np.ones((len(X), 1))
        self.blocks: list[Block] = []
        self.least: dict[int, float] = {}  # size -> squared error
        self._settle()
        self._open(())

    def grow(self, swaps: bool = True) -> bool:
        """One term more, or a better basis of fewer; False where it stays as it is: nothing is left, or allowed."""
        size = len(self.terms)
        for number in range(TRIES):
            done = float((self.residual**2).mean()) < DONE
            found = None if done or size >= len(self.X) // 2 else self._best(None, None, 0.0)
            if found is None:
                return number > 0
            self._add(*found)
            many = len(self.terms) > SMALL
            swaps = swaps and (not many or len(self.terms) % EVERY == 0)
            for _ in range((1 if many else ROUNDS) if swaps else 0):
                if len(self.terms) == 2 or not self._swap_each():
                    break
            while self._shrink():
                pass
            if len(self.terms) > size:
                break
        return True

    def _shrink(self) -> bool:
        """Take a term out, if the basis without it is better than any was of its size."""
        size, error = len(self.terms), float((self.residual**2).sum())
        self.least[size] = min(error, self.least.get(size, np.inf))
        if size - 1 not in self.least:
            return False
        losses = ((self.own.T @ self.Y) ** 2).sum(axis=1)
        m = 1 + int(losses[1:].argmin())
        if not error + losses[m] < self.least[size - 1] * (1 - GROWTH):
            return False
        self._remove(m, self.own[:, m])
        return True

    def _remove(self, m: int, unit: Array) -> None:
        self._project(unit, 1)
        term = self.terms.pop(m)
        self.B = np.delete(self.B, m, axis=1)
        self.blocks = [block for block in self.blocks if block.term != term]
        self._settle()

    def _best(self, without: Array | None, skip: Term | None, gain: float) -> tuple[Block, int] | None:
        """The function of the largest gain, if above `gain`; with a unit vector given, as if the basis lacked it."""
        best = None
        turned = None if without is None else without @ self.Y
        for block in self.blocks:
            if block.term == skip and skip != ():
                continue
            if without is None or turned is None:
                gains, length = (block.product**2).sum(axis=0), block.length
            else:
                # written into the same few arrays: new ones would take longer than the arithmetic
                along = self.candidates.inner((block.column * without)[None], block.pairs)[0]
                product = turned[:, None] * along
                product += block.product
                product *= product
                gains = product[0] if len(product) == 1 else product.sum(axis=0)
                along *= along
                along += block.length
                length = along
            counts = length > block.least
            gains /= np.maximum(length, 1e-300)
            gains *= counts
            if not gains.size:
                continue
            index = int(gains.argmax())
            if gains[index] > gain:
                gain, best = float(gains[index]), (block, index)
        return best

    def _add(self, block: Block, index: int) -> None:
        term = self.candidates.term(block.term, index)
        column = values_of([term], self.X)[:, 0]
        self.terms.append(term)
        self.B = np.column_stack([self.B, column])
        rest = column - self.Q @ (self.Q.T @ column)
        rest -= self.Q @ (self.Q.T @ rest)
        self._project(rest / np.linalg.norm(rest), -1)
        self._settle()
        self._open(term)

    def _project(self, unit: Array, sign: int) -> None:
        """The basis gains (-1) or loses (+1) a direction."""
        turned = unit @ self.Y
        for block in self.blocks:
            along = self.candidates.inner((block.column * unit)[None], block.pairs)[0]
            block.product += sign * turned[:, None] * along
            along *= along
            block.length += along if sign > 0 else np.negative(along, out=along)

    def _swap_each(self) -> bool:
        """Take out each term in turn and put the best function in its place; whether any was another one."""
        changed = False
        for term in self.terms[1:]:
            m = self.terms.index(term)
            unit = self.own[:, m]
            now = float(((unit @ self.Y) ** 2).sum())
            found = self._best(unit, term, now * (1 + GROWTH))
            if found is None:
                continue
            self._remove(m, unit)
            self._add(*found)
            changed = True
        return changed

    def _settle(self) -> None:
        self.Q, triangle = np.linalg.qr(self.B)
        # the directions that only one term has: Q R^-T is orthogonal to all other terms, as B = QR
        own = solve_triangular(triangle, self.Q.T, check_finite=False).T
        self.own = own / np.linalg.norm(own, axis=0)
        self.residual = self.Y - self.Q @ (self.Q.T @ self.Y)

    def _open(self, term: Term) -> None:
        """Let a term be a parent."""
        if len(term) >= DEGREE:
            return
        if len(self.blocks) >= self.parents:
            self.blocks.pop(1)  # the oldest one but the constant
        column, scan = self.B[:, self.terms.index(term)], self.candidates
        pairs = not term
        full = scan.squares(column, pairs)
        along = scan.inner(column * self.Q.T, pairs)
        product = scan.inner(column * self.residual.T, pairs)
        least = np.where(scan.allowed(column, pairs), DEPENDENT * full + 1e-12, np.inf)
        self.blocks.append(Block(term, column, product, full - (along**2).sum(axis=0), least))
