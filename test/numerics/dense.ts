/** Linear algebra as in a textbook, over rows of numbers: an oracle for tests, slow and plain. */

/** The solution of A·x = b by Gauss' elimination with the largest pivot of each column. */
export function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const { rows } = eliminate(a.map((row, i) => [...row, b[i]]));
  const n = b.length;
  const x = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i][n];
    for (let k = i + 1; k < n; k++) sum -= rows[i][k] * x[k];
    x[i] = sum / rows[i][i];
  }
  return x;
}

/** The determinant: the product of the pivots, with the sign of the exchanges. */
export function determinant(a: readonly (readonly number[])[]): number {
  const { rows, sign } = eliminate(a.map((row) => [...row]));
  return rows.reduce((product, row, i) => product * row[i], sign);
}

function eliminate(rows: number[][]): { rows: number[][]; sign: number } {
  let sign = 1;
  for (let i = 0; i < rows.length; i++) {
    let pivot = i;
    for (let k = i; k < rows.length; k++) if (Math.abs(rows[k][i]) > Math.abs(rows[pivot][i])) pivot = k;
    if (pivot !== i) {
      [rows[i], rows[pivot]] = [rows[pivot], rows[i]];
      sign = -sign;
    }
    for (let k = i + 1; k < rows.length; k++) {
      const factor = rows[k][i] / rows[i][i];
      for (let j = i; j < rows[k].length; j++) rows[k][j] -= factor * rows[i][j];
    }
  }
  return { rows, sign };
}
