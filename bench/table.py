"""Reads a table in pandas, makes a scaled float32 matrix of it, and prints seconds of reading, seconds in all, and the peak in bytes.

usage: python3 table.py <csv> <target>
"""

import resource
import sys
import time

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.preprocessing import OneHotEncoder, StandardScaler

path, target = sys.argv[1:]
start = time.perf_counter()
table = pd.read_csv(path).drop(columns=[target])
read = time.perf_counter()
words = table.select_dtypes("object").columns
scaled = make_column_transformer((OneHotEncoder(sparse_output=False), words), remainder=StandardScaler())
matrix = scaled.fit_transform(table).astype(np.float32)
end = time.perf_counter()
print(read - start, end - start, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
