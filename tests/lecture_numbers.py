"""The numbers of the lecture's example, as 40-digit arithmetic has them."""

import pytest

DATA = {
    "net_h1": 0.3775,
    "out_h1": 0.593269992107,
    "net_h2": 0.3925,
    "out_h2": 0.596884378260,
    "net_o1": 1.105905967060,
    "out_o1": 0.751365069552,
    "net_o2": 1.224921404096,
    "out_o2": 0.772928465321,
    "E_o1": 0.274811083176,
    "E_o2": 0.023560025584,
    "E": 0.298371108760,
}
GRADIENTS = {
    "out_o1": 0.741365069552,
    "out_o2": -0.217071534679,
    "out_h1": 0.036350306393,
    "out_h2": 0.041370322649,
    "w1": 0.000438567734,
    "w2": 0.000877135469,
    "w3": 0.000497712735,
    "w4": 0.000995425471,
    "w5": 0.082167040564,
    "w6": 0.082667627848,
    "w7": -0.022602540477,
    "w8": -0.022740242216,
    "b1": 0.018725609395,
    "b2": 0.100400325112,
}
LOCAL = {  # by the head and the tail of an edge, or of a path in one half of the network
    ("out_o1", "net_o1"): 0.186815601809,
    ("out_o2", "net_o2"): 0.175510052817,
    ("out_h1", "net_h1"): 0.241300708572,
    ("out_h2", "net_h2"): 0.240613417249,
    ("E_o1", "out_h1"): 0.055399424651,
    ("E_o2", "out_h1"): -0.019049118258,
    ("E_o1", "out_h2"): 0.062324352733,
    ("E_o2", "out_h2"): -0.020954030084,
}


def near(number):
    """To the 12 decimals that are written."""
    return pytest.approx(number, rel=0, abs=5.001e-13)
