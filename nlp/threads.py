"""Small products of vectors gain nothing from BLAS's threads, which spin: 740 items a second with them, 940 without."""

from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # ships no types


def one_blas_thread() -> AbstractContextManager[object]:
    """While it holds, the BLAS libraries of numpy and scipy use one thread."""
    limit: AbstractContextManager[object] = _controller().limit(limits=1, user_api="blas")
    return limit


@cache
def _controller() -> "ThreadpoolController":
    from threadpoolctl import ThreadpoolController

    # Only libraries that are loaded by now are found.
    for name in ("numpy", "scipy.linalg"):
        import_module(name)
    return ThreadpoolController()
