"""A Ray cluster of two nodes on this machine."""

from __future__ import annotations

import os

import pytest


@pytest.fixture(scope="session")
def two_nodes():
    pytest.importorskip("ray", reason="Ray is not installed: pip install 'netsitter[ray]'")
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 80 * 2**20})
    try:
        cluster.add_node(num_cpus=1, object_store_memory=80 * 2**20)
        yield cluster
    finally:
        cluster.shutdown()
