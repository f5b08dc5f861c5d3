/** Numbers for functions, so that programs can be found again by what they were made of. */
const identities = new WeakMap<object, number>();
let next = 0;

/** A name by itself; a function by a number that stays with it. */
export function identity(value: string | object): string {
  if (typeof value === "string") return value;
  let id = identities.get(value);
  if (id === undefined) {
    id = next++;
    identities.set(value, id);
  }
  return `#${id}`;
}
