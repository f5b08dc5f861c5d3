"""Runs trials of a study that `fettle serve` serves: asks, reports, tells. It needs only Python 3.

    export FETTLE_TOKEN=$(openssl rand -hex 32)
    fettle serve --space space.json --storage studies.db --study first --trials 40 &
    for i in 1 2 3 4; do python3 client.py http://localhost:8080/studies/first & done
"""

import json
import math
import os
import sys
import time
import urllib.error
import urllib.request

Lost = type("Lost", (Exception,), {"__doc__": "The trial is another program's: this one was silent for too long."})

def post(path, body=None):
    """The answer to a request; None if no trial is left. Waits while none is free, and while the server or its database is unavailable."""
    while True:
        request = urllib.request.Request(f"{STUDY}/{path}", json.dumps(body or {}).encode(), HEADERS, method="POST")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            if error.code == 409:
                raise Lost from error
            if error.code not in (429, 503, 507):
                raise SystemExit(f"{error.code}: {error.read().decode()}")
            time.sleep(float(error.headers["retry-after"] or 1))
        except OSError:  # no connection
            time.sleep(1)


def train(x, width, report):
    """The function to tune; it stops early when it is pruned."""
    value = (x - 1) ** 2 + width / 100
    for step in range(1, 6):
        time.sleep(PAUSE)
        if report(step, value + 1 / step):
            break
    return value


if len(sys.argv) < 2:
    raise SystemExit("client.py needs the address of a study, which fettle serve prints")
STUDY, PAUSE = sys.argv[1], float((sys.argv + ["0.1"])[2])
HEADERS = {"authorization": f"Bearer {os.environ['FETTLE_TOKEN']}", "content-type": "application/json"}

while trial := post("ask"):
    own = {"lease": trial["lease"]}
    path = f"trials/{trial['number']}"
    report = lambda step, value: post(f"{path}/report", {**own, "step": step, "value": value})["pruned"]
    try:
        try:
            value = train(**trial["params"], report=report)
            outcome = {"value": value if math.isfinite(value) else None}  # JSON has no NaN
        except (ArithmeticError, ValueError) as error:  # what the function may throw
            outcome = {"status": "failed", "error": str(error)}
        print(trial["number"], post(f"{path}/tell", {**own, **outcome}), flush=True)
    except Lost:
        pass
