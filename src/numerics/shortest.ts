/** The shortest decimal that is this float32 again: 0.1, and not 0.10000000149011612; 0 for −0. */
export function shortest(value: number): string {
  let digits = 1;
  while (digits < 9 && Math.fround(Number(value.toPrecision(digits))) !== value) digits++;
  return String(Number(value.toPrecision(digits)));
}
