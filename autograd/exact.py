"""Functions of the table that need care: where e^x would overflow, or digits would be lost."""

import math


# x² is x·x, rounded once; C's pow need not give that, and takes longer.
def power(x: float, y: float) -> float:  # noqa: D103
    return x * x if y == 2.0 else math.pow(x, y)


# The power of e is never positive, so it does not overflow.
def sigmoid(x: float) -> float:  # noqa: D103
    e = math.exp(-math.fabs(x))
    return (1.0 if x >= 0.0 else e) / (1.0 + e)


def softplus(x: float) -> float:  # noqa: D103
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x)))


# 1 − z for z = sigmoid(x). Where z is near 1 it is z·e^−x.
def one_minus_sigmoid(x: float, z: float) -> float:  # noqa: D103
    return 1.0 - z if z < 0.9 else z * math.exp(-x)


# 1 − z² for z = tanh(x). Where z² is near 1 it is 4e/(1 + e)² with e = e^−2|x|.
def one_minus_tanh_2(x: float, z: float) -> float:  # noqa: D103
    e = math.exp(-2.0 * math.fabs(x))
    return 1.0 - z * z if z * z < 0.9 else 4.0 * e / ((1.0 + e) * (1.0 + e))


# e^(−x²). The rounding of x² would be that of e's power: so x is parted, x² = h² + (x − h)(x + h),
# with h of half as many digits, whose square is exact.
def gaussian(x: float) -> float:  # noqa: D103
    if math.fabs(x) > 28.0:  # less than the smallest float
        return 0.0
    h = 134217729.0 * x - (134217729.0 * x - x)
    return math.exp(-h * h) * math.exp((h - x) * (h + x))
