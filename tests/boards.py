"""What the tests of boards share: labelled Values, and whether a line is marked wrong."""

from autograd import Value, check_derivation


def named(value, label):
    value.label = label
    return value


def vector(data, label, first=1):
    return [Value(x, label=f"{label}{i}") for i, x in enumerate(data, first)]


def is_wrong(root, text):
    return any(line.wrong for line in check_derivation(root, text).lines)
