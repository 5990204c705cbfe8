"""The array types of the engine. Joint rows: the left rows first, then the right ones."""

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Bools: TypeAlias = NDArray[np.bool_]
Rows: TypeAlias = NDArray[np.int64]
Hashes: TypeAlias = NDArray[np.uint64]
Objects: TypeAlias = NDArray[np.object_]
# int64, or Python integers in an object array where int64 could overflow.
Units: TypeAlias = NDArray[Any]
