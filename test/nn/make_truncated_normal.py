"""Writes truncated-normal.json: the standard normal distribution truncated at +-2, which Keras' initializers draw from.

    python3 make_truncated_normal.py               # CPython 3.11, its standard library alone

`quantiles` has, for u, z = Q(P(-2) + u (P(2) - P(-2))), with P and Q the distribution and the quantile of
`statistics.NormalDist`. The moments follow from integration by parts: E z^2 = 1 - 2a p(a) / m and
E z^4 = 3 E z^2 - 2 a^3 p(a) / m, with a = 2, the density p and m = P(2) - P(-2). `beyond` is the probability that |z| exceeds 1.5
standard deviations of the truncated distribution.
"""
import json
import platform
from math import sqrt
from statistics import NormalDist

normal = NormalDist()
a = 2
m = normal.cdf(a) - normal.cdf(-a)
second = 1 - 2 * a * normal.pdf(a) / m
fourth = 3 * second - 2 * a**3 * normal.pdf(a) / m
quantiles = {str(k / 32): normal.inv_cdf(normal.cdf(-a) + k / 32 * m) for k in range(32)}
values = {
    "origin": f"{platform.python_implementation()} {platform.python_version()}, by make_truncated_normal.py",
    "deviation": sqrt(second),
    "kurtosis": fourth / second**2,
    "beyond": 2 * (normal.cdf(a) - normal.cdf(1.5 * sqrt(second))) / m,
    "quantiles": quantiles,
}
with open("truncated-normal.json", "w") as file:
    file.write(json.dumps(values, indent=2) + "\n")
