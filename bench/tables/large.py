"""Writes two large tables to choose defaults by, since those of packages that are for choosing are small.

    /usr/bin/python3 bench/tables/large.py .bench/tables

letters.csv: 20,000 rows of 16 whole numbers, and `y`, one of 26 classes, each of three clusters that are bent.
prices.csv: 14,000 rows of skewed numbers and categories, and `price`, a product of powers, steps and waves.
"""

import sys

import numpy as np
import pandas as pd


def letters(rows=20_000, classes=26, features=16):
    random = np.random.default_rng(1)
    centres = random.normal(size=(classes, 3, 6)) * 1.35
    first, second = random.normal(size=(6, 24)), random.normal(size=(24, features))
    x, y = [], []
    for _ in range(rows):
        label = random.integers(classes)
        hidden = centres[label, random.choice(3, p=[0.6, 0.3, 0.1])] + random.normal(size=6) * 0.38
        x.append(np.tanh(hidden @ first * 0.5) @ second)
        y.append(f"c{label:02d}")
    x = np.array(x)
    x = (x - x.mean(0)) / x.std(0)
    x = np.clip(np.round(x * 2.3 + 7 + random.normal(size=x.shape) * 0.5), 0, 15).astype(int)
    return pd.DataFrame(x, columns=[f"f{i}" for i in range(features)]).assign(y=y)


def prices(n=14_000):
    random = np.random.default_rng(2)
    area = np.exp(random.normal(4.5, 0.45, n))
    lot = np.exp(random.normal(6, 0.9, n))
    year = np.round(2010 - np.abs(random.normal(0, 30, n)))
    quality = random.integers(1, 11, n)
    hood = random.choice(24, n, p=random.dirichlet(np.ones(24)))
    of_hood = random.normal(size=24) * 0.25
    kind = random.choice(5, n)
    floors = random.integers(1, 4, n)
    garage = np.where(random.random(n) < 0.2, 0, np.exp(random.normal(3, 0.4, n)))
    month = random.integers(1, 13, n)
    lat, lon = random.uniform(0, 1, n), random.uniform(0, 1, n)
    log_price = (
        0.75 * np.log(area)
        + 0.09 * quality
        + 0.12 * np.log(lot) * (kind < 2)
        + of_hood[hood]
        + 0.2 * (year > 1980)
        + 0.15 * (year > 2000) * (quality > 6)
        + 0.1 * np.sin(9 * lat) * np.cos(7 * lon)
        + 0.06 * np.sqrt(garage)
        - 0.15 * (floors == 3) * (area < 80)
        + 0.05 * (month > 5) * (month < 9)
    )
    price = np.round(1000 * np.exp(log_price + random.normal(0, 0.12, n)))
    return pd.DataFrame(
        {
            "area": area.round(1),
            "lot": lot.round(),
            "year": year,
            "quality": quality,
            "hood": [f"h{i}" for i in hood],
            "kind": [f"k{i}" for i in kind],
            "floors": floors,
            "garage": garage.round(),
            "month": month,
            "lat": lat.round(4),
            "lon": lon.round(4),
            "noise1": random.normal(size=n).round(3),
            "noise2": np.exp(random.normal(size=n)).round(3),
            "price": price,
        }
    )


if __name__ == "__main__":
    folder = sys.argv[1]
    letters().to_csv(f"{folder}/letters.csv", index=False)
    prices().to_csv(f"{folder}/prices.csv", index=False)
