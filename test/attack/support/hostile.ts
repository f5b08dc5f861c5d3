/** Values that hurt whoever reads them. */

const refuse = (): never => {
  throw new Error("do not touch");
};

/** A proxy each of whose traps throws. */
export function untouchable(target: object = {}): object {
  const traps = Object.getOwnPropertyNames(Reflect).filter(
    (name) => typeof Reflect[name as "get"] === "function",
  );
  return new Proxy(target, Object.fromEntries(traps.map((trap) => [trap, refuse])));
}

export function revoked(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

function circular(): object {
  const value: Record<string, unknown> = {};
  value.self = value;
  return value;
}

const withGetter = (target: object, name: string): object =>
  Object.defineProperty(target, name, { get: refuse });

/** Makes each anew, since a test may spoil one. */
export const hostileValues: readonly (readonly [string, () => unknown])[] = [
  ["an object with a bigint", () => ({ n: 1n })],
  ["a bigint", () => 1n],
  ["a circular object", circular],
  ["null", () => null],
  ["undefined", () => undefined],
  ["a symbol", () => Symbol("thrown")],
  ["an object without a prototype", () => Object.create(null)],
  ["an object whose toString throws", () => ({ toString: refuse, valueOf: refuse })],
  ["an object whose toJSON throws", () => ({ toJSON: refuse })],
  [
    "an object whose toJSON returns nothing, and whose toString throws",
    () => ({ toJSON() {}, toString: refuse }),
  ],
  ["an error whose message throws", () => withGetter(new Error(), "message")],
  ["an error whose message is a symbol", () => Object.assign(new Error(), { message: Symbol("message") })],
  [
    "an error whose message is an object",
    () => Object.assign(new Error(), { message: { toString: refuse } }),
  ],
  ["a function whose name throws", () => withGetter(() => {}, "name")],
  [
    "a function whose name is a symbol",
    () => Object.defineProperty(() => {}, "name", { value: Symbol("name") }),
  ],
  [
    "a typed array without a constructor",
    () => Object.assign(new Float32Array(2), { constructor: undefined }),
  ],
  ["a proxy that throws", () => untouchable()],
  ["a proxy of an error that throws", () => untouchable(new Error())],
  ["a proxy of a function that throws", () => untouchable(() => {})],
  ["a revoked proxy", revoked],
];
