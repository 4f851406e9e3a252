"""Optional packages: imported when needed, with an error that names the extra to install."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType

from spoton.errors import MissingExtra

EXTRAS = {
    "pymysql": "db",
    "psycopg": "db",
    "lightgbm": "trees",
    "pyearth": "mars",
    "numba": "fast",
    "ray": "ray",
    "mlflow": "mlflow",
    "distributed": "dask",
    "kornia": "peers",
    "softtorch": "peers",
    "statsmodels": "tables",
    "xgboost": "trees",
    "pytabkit": "peers",
    "lassonet": "peers",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "onnxscript": "onnx",
    "pycocotools": "boxes",
    "fastapi": "serve",
    "uvicorn": "serve",
    "python_multipart": "serve",
}


def require(name: str) -> ModuleType:
    """Import the package `name`, or raise `MissingExtra` with the command that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        extra = EXTRAS.get(name.split(".")[0])
        how = (
            f"pip install 'spoton[{extra}]' (in a checkout: pip install -e '.[{extra}]')"
            if extra
            else f"pip install {name}"
        )
        raise MissingExtra(f"this needs the package {name}, which is not installed; run: {how}") from error


def installed(name: str) -> bool:
    """Whether the package `name` is there, without importing it."""
    return importlib.util.find_spec(name) is not None
