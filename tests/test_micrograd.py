"""micrograd's own tests and README example, with other import lines and sympy in place of torch."""

import pytest
import sympy

from autograd import Value


def relu(x):
    return sympy.Max(x, 0)


def test_sanity_check():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    xmg, ymg = x, y

    x = sympy.Symbol("x", real=True)
    z = 2 * x + 2 + x
    q = relu(z) + z * x
    h = relu(z * z)
    y = h + q + q * x

    # forward pass went well
    assert ymg.data == float(y.subs(x, -4))
    # backward pass went well
    assert xmg.grad == float(y.diff(x).subs(x, -4))


def test_more_ops():
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    amg, bmg, gmg = a, b, g

    a, b = sympy.symbols("a b", real=True)
    c = a + b
    d = a * b + b**3
    c = c + c + 1
    c = c + 1 + c + (-a)
    d = d + d * 2 + relu(b + a)
    d = d + 3 * d + relu(b - a)
    e = c - d
    f = e**2
    g = f / 2
    g = g + 10 / f

    def at(expression):
        return pytest.approx(float(expression.subs({a: -4, b: 2})), rel=1e-15)

    # forward pass went well
    assert gmg.data == at(g)
    # backward pass went well
    assert amg.grad == at(g.diff(a))
    assert bmg.grad == at(g.diff(b))


def test_readme(capsys):
    a = Value(-4.0)
    b = Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    print(f"{g.data:.4f}")  # the outcome of this forward pass
    g.backward()
    print(f"{a.grad:.4f}")  # the numerical value of dg/da
    print(f"{b.grad:.4f}")  # the numerical value of dg/db
    assert capsys.readouterr().out.split() == ["24.7041", "138.8338", "645.5773"]
