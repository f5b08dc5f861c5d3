"""Writes cox.json: Cox' partial likelihood by Breslow's approximation, its gradient, and the coefficients that maximize it, in
float64, by statsmodels.

    python3 make_cox_values.py > cox.json        # statsmodels 0.14.4
"""
import json

import numpy
import statsmodels
from statsmodels.duration.hazard_regression import PHReg

random = numpy.random.default_rng(7)
ROWS = 60
x = random.integers(-1024, 1025, (ROWS, 3)) / 1024
hazard = numpy.exp(x @ [1.0, -0.5, 0.25])
# quarters, so that times are tied and exact
times = numpy.ceil(4 * random.exponential(4 / hazard)) / 4
events = random.random(ROWS) < 0.7
model = PHReg(times, x, events.astype(int), ties="breslow")
at = numpy.array([0.5, 0.25, -0.75])
print(json.dumps({
    "origin": f"statsmodels {statsmodels.__version__}, by make_cox_values.py",
    "x": x.tolist(),
    "y": numpy.where(events, times, -times).tolist(),
    "at": at.tolist(),
    "logLikelihood": model.loglike(at),
    "score": model.score(at).tolist(),
    "coefficients": model.fit(disp=0).params.tolist(),
}))
