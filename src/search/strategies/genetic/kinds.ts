/** Operators of a genetic algorithm that options name: `"sbx"`, or `{ type: "sbx", eta: 20 }`. */

import { byName, checkOptions } from "../../../errors.js";
import { type OptionRules, readOptions } from "../../../rules.js";

/** The settings of a kind, among those that options allow. */
type SettingsOf<Options, Kind> = Options extends { readonly type: infer Kinds }
  ? Kind extends Kinds
    ? Options
    : never
  : never;

/**
 * The kinds that options name: the rules of their settings, each of which has a default, and what makes the
 * operator.
 */
export type Kinds<Options, Operator> = {
  readonly [Kind in Extract<Options, string>]: {
    readonly rules: OptionRules<SettingsOf<Options, Kind>>;
    make(settings: Required<SettingsOf<Options, Kind>>): Operator;
  };
};

/**
 * The operator that options describe.
 *
 * @param what - what messages call it, such as `crossover`
 * @throws FettleError `unknown_name`, `invalid_argument`
 */
export function operatorOf<Options, Operator>(
  what: string,
  kinds: Kinds<Options, Operator>,
  options: Options,
): Operator {
  const table: Readonly<Record<string, { rules: object; make(settings: object): Operator }>> = kinds;
  const settings = typeof options === "string" ? { type: options } : options;
  checkOptions(settings, what, Object.assign({}, ...Object.values(table).map(({ rules }) => rules)));
  const { type } = settings as { readonly type: string };
  const { rules, make } = byName(what, table, type);
  const kind = `${type} ${what}`;
  return make(readOptions<object, object>(settings as object, kind, rules, ` of ${kind}`));
}
