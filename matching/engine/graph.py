"""What hangs together: the connected components of a graph."""

import numpy as np

from matching.engine.arrays import Rows


def components(a: Rows, b: Rows, nodes: int) -> Rows:
    """Return the component of each of the nodes that edges join: ``a[i]`` with ``b[i]``."""
    if not len(a):
        return np.arange(nodes)
    # Commands and pages import the engine and start without it: scipy alone takes a second.
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(nodes, nodes))
    labels: Rows = connected_components(graph, directed=False)[1].astype(np.int64)
    return labels
