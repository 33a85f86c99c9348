"""The neurons of a network as a picture frames them: found by the names that the layers give."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from autograd import Value
from autograd.groups import Group, register

_KINDS = {"h": "hidden ", "o": "output "}


@register
def neurons(names: Mapping[Value, str], heads: Mapping[Value, Sequence[Value]]) -> list[Group]:
    """Return a group for each neuron: net_h1, out_h1, and the operations that lead to these alone.

    names   each Value of a picture and its name there; arguments come before results
    heads   the Values that were computed from each
    """
    members: dict[Value, list[Value]] = {}  # of the neuron with this output
    outputs = _outputs(names, heads)
    for v in names:
        if v in outputs:
            members.setdefault(outputs[v], []).append(v)
    return [
        Group(_title(names[output], inside), inside)
        for output, inside in members.items()
        if any(v.label.startswith("net_") for v in inside)
    ]


def _outputs(
    names: Mapping[Value, str], heads: Mapping[Value, Sequence[Value]]
) -> dict[Value, Value]:
    """Return the output of the neuron that each Value is part of, for those that are."""
    outputs: dict[Value, Value] = {}
    for v in reversed(list(names)):
        above = dict.fromkeys(outputs.get(head) for head in heads[v])
        if v.label.startswith("out_"):
            outputs[v] = v
        for output in above:
            if output is not None and _is_inside(v, output, leads_elsewhere=len(above) > 1):
                outputs[v] = output
    return outputs


def _is_inside(v: Value, output: Value, leads_elsewhere: bool) -> bool:
    if v.label:
        return v.label == output.label.replace("out_", "net_", 1)
    return v.op is not None and not leads_elsewhere


def _title(name: str, members: Sequence[Value]) -> str:
    name = name.removeprefix("out_")
    kind = _KINDS.get(name[0], "") if re.match("[a-z][₀-₉]", name) else ""
    unnamed = sum(not v.label for v in members)
    if not unnamed:
        return f"{kind}neuron {name}"
    plural = "s" if unnamed > 1 else ""
    return f"{kind}neuron {name}, expanded: {unnamed} unnamed operation{plural}"
