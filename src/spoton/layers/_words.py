"""What the kernels need and numba lacks: 32 comparisons as the bits of one word, its ends, an array at an address.

Compilers do not see that a loop over 32 comparisons is one instruction for 8 or 16 of them, nor that a search is one.
Said in LLVM's own words they do. Without numba the same functions are plain Python.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numpy import uint64
from numpy.typing import NDArray

from spoton import optional
from spoton.layers._jit import FAST

LANES = 32


def positive(flat: NDArray[Any], at: int) -> Any:
    """The bits of the `LANES` numbers from `at` on, which have to be there: set where a number is positive."""
    return uint64(sum(int(flat[at + j] > 0) << j for j in range(LANES)))


def lowest(word: Any) -> Any:
    """The place of the lowest bit that is set; there has to be one."""
    return (int(word) & -int(word)).bit_length() - 1


def highest(word: Any) -> Any:
    """The place of the highest bit that is set; there has to be one."""
    return int(word).bit_length() - 1


def floats_at(address: int, size: int) -> Any:
    """The float32 numbers at an address, as an array; for compiled kernels alone."""
    raise NotImplementedError


def whole_at(address: int, size: int) -> Any:
    """The int64 numbers at an address, as an array; for compiled kernels alone."""
    raise NotImplementedError


def _teach(numba: Any) -> None:
    """Give numba these functions as machine code."""
    types, ir = numba.types, optional.require("llvmlite.ir")

    def compare(typing: Any, flat: Any, at: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, given[0])
            block = ir.VectorType(context.get_data_type(flat.dtype), LANES)
            place = builder.bitcast(builder.gep(array.data, [given[1]]), block.as_pointer())
            numbers = builder.load(place, align=1)
            if isinstance(flat.dtype, types.Float):
                found = builder.fcmp_ordered(">", numbers, ir.Constant(block, [0.0] * LANES))
            else:
                above = builder.icmp_signed if getattr(flat.dtype, "signed", False) else builder.icmp_unsigned
                found = above(">", numbers, ir.Constant(block, [0] * LANES))
            return builder.zext(builder.bitcast(found, ir.IntType(LANES)), ir.IntType(64))

        return types.uint64(flat, types.intp), generate

    def zeros(side: str) -> Callable[..., Any]:
        """How many stand below the lowest bit (`cttz`, as LLVM calls it), or above the highest (`ctlz`)."""

        def count(typing: Any, word: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
                return getattr(builder, side)(given[0], ir.Constant(ir.IntType(1), 1))

            return types.int64(types.uint64), generate

        return count

    def pointer_to(kind: Any) -> Callable[..., Any]:
        def point(typing: Any, address: Any) -> Any:
            def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
                return builder.inttoptr(given[0], context.get_value_type(signature.return_type))

            return types.CPointer(kind)(types.intp), generate

        return point

    compared, below, above, to_floats, to_whole = map(
        numba.extending.intrinsic,
        (compare, zeros("cttz"), zeros("ctlz"), pointer_to(types.float32), pointer_to(types.int64)),
    )
    meanings: dict[Callable[..., Any], Callable[..., Any]] = {
        positive: lambda flat, at: lambda flat, at: compared(flat, at),
        lowest: lambda word: lambda word: below(word),
        highest: lambda word: lambda word: 63 - above(word),
        floats_at: lambda address, size: lambda address, size: numba.carray(to_floats(address), size),
        whole_at: lambda address, size: lambda address, size: numba.carray(to_whole(address), size),
    }
    for function, meaning in meanings.items():
        numba.extending.overload(function, strict=False)(meaning)


if FAST:
    _teach(optional.require("numba"))
