"""The estimator of a model as one file of skops: plain values of classes that are listed, and nothing else.

skops' format is JSON and arrays in a zip; it makes objects without calling their code. What of a file is dangerous
all the same is looked at before: classes that are not listed (`spoton.models._schema`), archives that grow when they
are unpacked, and arrays that compiled code would follow out of their bounds (`spoton.models._compiled`), once more
when the estimator is put together.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from typing import Any

from spoton.errors import DataError, UsageError
from spoton.models._compiled import alone, check_plain
from spoton.models._schema import TRUSTED, check_schema

KEPT = (
    "nets of spoton, fastai's and torchvision's as its learners have them, your own nets, linear models, scalers, "
    "trees, forests, neighbours and the SVR of scikit-learn, spottable, LightGBM and XGBoost"
)


def to_bytes(estimator: Any, name: str) -> bytes:
    """The file.

    Args:
        estimator: of plain values and Parts, as `taken_apart` gives it.
        name: of the learner, for messages.

    Raises:
        UsageError: it holds something that cannot be kept.
    """
    import skops.io

    try:
        held: bytes = skops.io.dumps(estimator)
        check_schema(_schema(held))
        check_plain(estimator)
    except DataError as error:
        raise UsageError(f"{name} cannot be kept, since {error}; those that can are {KEPT}") from error
    except (Exception, RecursionError) as error:  # whatever it meets in foreign classes
        raise UsageError(f"{name} cannot be kept ({_line(error)}); those that can are {KEPT}") from error
    return held


def from_bytes(held: bytes) -> Any:
    """What `to_bytes` wrote.

    Raises:
        DataError: it is damaged, or holds what is not listed in `spoton.models._schema`.
    """
    import skops.io

    try:
        check_schema(_schema(held))
        with warnings.catch_warnings():
            # of scikit-learn, that another version wrote it: spoton verify tells what that changes
            warnings.simplefilter("ignore")
            estimator = skops.io.loads(held, trusted=TRUSTED)
        check_plain(estimator)
        alone(estimator)
    except DataError:
        raise
    except (Exception, RecursionError) as error:  # a dozen kinds, of damaged archives, arrays and text
        raise DataError(_line(error)) from error
    return estimator


def _schema(held: bytes) -> Any:
    """The JSON of the file; nothing in it may be larger unpacked than it is here."""
    with zipfile.ZipFile(io.BytesIO(held)) as archive:
        parts = archive.infolist()
        if any(part.compress_type != zipfile.ZIP_STORED for part in parts):
            raise DataError("it is an archive that grows when it is unpacked")
        if sum(part.file_size for part in parts) > len(held):
            raise DataError("it is an archive that grows when it is unpacked")
        if len({part.filename for part in parts}) < len(parts):
            raise DataError("it is an archive with two members of one name")
        return json.loads(archive.read("schema.json"))


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split())[:200]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
