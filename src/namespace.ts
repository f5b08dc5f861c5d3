/**
 * The public namespaces of functions, such as `losses` and `metrics`: their names, the aliases that users of
 * other libraries type, and which namespace a function came from. Two namespaces have functions of the same
 * name, and neither imports the other.
 */
import { FettleError, unknownName } from "./errors.js";
import { canonical } from "./names.js";

/** What a function of each namespace is, in messages. */
const KINDS = { losses: "loss", metrics: "metric" } as const;

type Namespace = keyof typeof KINDS;

const exports = new WeakMap<object, readonly [namespace: Namespace, name: string]>();

/** Records that `value` is exported as `name`; returns `value`. */
export function exportedAs<T extends object>(namespace: Namespace, name: string, value: T): T {
  exports.set(value, [namespace, name]);
  return value;
}

/** The public name of a built-in function, such as `losses.meanSquaredError`; undefined for anything else. */
export function publicName(value: unknown): string | undefined {
  return typeof value === "function" ? exports.get(value)?.join(".") : undefined;
}

/** The names and aliases of one namespace. */
export class Names<Name extends string> {
  constructor(
    private readonly namespace: Namespace,
    private readonly aliases: Readonly<Record<Name, readonly string[]>>,
  ) {}

  /**
   * The name of the function that has this name or alias.
   *
   * @throws FettleError `unknown_name`
   */
  canonical(given: string): Name {
    const name = canonical(this.aliases, given);
    if (Object.hasOwn(this.aliases, name)) return name as Name;
    throw this.unknown(given);
  }

  /** The error for a name that no function has; `more` are other names that may have been meant. */
  unknown(given: string, more: readonly string[] = []): FettleError {
    const aliases = Object.values<readonly string[]>(this.aliases).flat();
    return unknownName(KINDS[this.namespace], given, Object.keys(this.aliases), [...aliases, ...more]);
  }

  /**
   * Refuses a function of another namespace, and names the one to use in its place.
   *
   * @throws FettleError `invalid_argument`
   */
  refuseOthers(value: unknown): void {
    const [namespace, name] = (typeof value === "function" && exports.get(value)) || [this.namespace, ""];
    if (namespace === this.namespace) return;
    const kind = KINDS[this.namespace];
    const instead = Object.hasOwn(this.aliases, name)
      ? `use ${this.namespace}.${name}`
      : `known ${this.namespace}: ${Object.keys(this.aliases).join(", ")}`;
    throw new FettleError(
      "invalid_argument",
      `${kind} must be a ${kind}; received ${namespace}.${name}, which is a ${KINDS[namespace]}; ${instead}`,
    );
  }
}
