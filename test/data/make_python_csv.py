"""Writes python-csv.json.gz: 10,000 random tables as Python's csv module writes them, and as it reads them again.

    python3 make_python_csv.py               # CPython 3.11
"""
import csv
import gzip
import io
import json
import platform
import random

rng = random.Random(14)
ALPHABET = 'ab01 .,;|"\'\t\n-éß漢😀='
cell = lambda: "".join(rng.choice(ALPHABET) for _ in range(rng.choice([0, 1, 1, 2, 3, 5])))
tables = []
while len(tables) < 10_000:
    width = rng.randint(1, 4)
    # a lone empty cell at the end is a blank line, which is no row for us
    rows = [[cell() or ("x" if width == 1 else "") for _ in range(width)] for _ in range(rng.randint(1, 5))]
    dialect = dict(delimiter=rng.choice(",;\t|"), lineterminator=rng.choice(["\n", "\r\n"]),
                   quoting=rng.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]))
    if all(text.strip() == "" for text in rows[-1]) and width == 1:
        continue
    text = io.StringIO(newline="")
    csv.writer(text, **dialect).writerows(rows)
    read = list(csv.reader(io.StringIO(text.getvalue(), newline=""), delimiter=dialect["delimiter"]))
    assert read == rows
    tables.append([dialect["delimiter"], text.getvalue(), read])
origin = f"{platform.python_implementation()} {platform.python_version()}, by make_python_csv.py"
with gzip.GzipFile("python-csv.json.gz", "wb", mtime=0) as file:
    file.write(json.dumps({"origin": origin, "tables": tables}, ensure_ascii=False, separators=(",", ":")).encode())
