/**
 * Calls of `must` and its like have their texts in the right places: first the name, then the rule. All are
 * strings, so the compiler accepts them in any order, and a refusal is rarely seen word for word.
 */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

/** The places of the name, the value and the rule among the arguments. */
const PLACES: Readonly<Record<string, readonly [name: number, value: number, rule?: number]>> = {
  must: [1, 3, 2],
  mustBeInteger: [0, 1],
  mustBeBoolean: [0, 1],
  mustBeRecord: [0, 1, 2],
  // of requests
  refuse: [1, 3, 2],
  refuseUnless: [1, 3, 2],
};
interface Call {
  readonly place: string;
  readonly name: ts.Expression | undefined;
  readonly value: ts.Expression | undefined;
  readonly rule: ts.Expression | undefined;
}
/** How rules begin, and what no name does. */
const RULE = /^(an? |one |"|\d|true or|at (least|most)|below |above |left out|plain |among )/;
/** Names that begin like rules. */
const NAMES = ["a column", "a model file", "a network", "an operand", "a report"];
/** A name of code, or a flag. */
const NAME = /^(--)?[a-zA-Z][\w-]*$/;
/** Rules of one word. */
const RULES = ["false", "undefined", "finite", "null", "unquantized", "built-in"];

const src = fileURLToPath(new URL("../src/", import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));

const calls = files.flatMap((file) => {
  const tree = ts.createSourceFile(file, readFileSync(`${src}${file}`, "utf8"), ts.ScriptTarget.ES2022, true);
  const found: Call[] = [];
  const visit = (node: ts.Node): void => {
    ts.forEachChild(node, visit);
    if (!ts.isCallExpression(node)) return;
    const called = node.expression.getText(tree);
    const places = PLACES[called];
    // elsewhere, a function of that name takes other arguments
    if (!places || (called.startsWith("refuse") && !/^serve[\\/]/.test(file))) return;
    const { line } = tree.getLineAndCharacterOfPosition(node.getStart(tree));
    const [name, value, rule = undefined] = places.map((at) =>
      at === undefined ? undefined : node.arguments[at],
    );
    found.push({ place: `${file}:${line + 1}`, name, value, rule });
  };
  visit(tree);
  return found;
});

/** The text that an argument begins with; undefined if it is computed. */
function beginOf(argument: ts.Expression | undefined): string | undefined {
  if (argument === undefined) return undefined;
  if (ts.isStringLiteralLike(argument)) return argument.text;
  return ts.isTemplateExpression(argument) && argument.head.text !== "" ? argument.head.text : undefined;
}

it.each([
  [
    "begins with a name, and the rule is none",
    (call) => {
      const [name, rule] = [beginOf(call.name), beginOf(call.rule)];
      return (
        (name === undefined || NAMES.includes(name) || !RULE.test(name)) &&
        (rule === undefined || RULES.includes(rule) || !NAME.test(rule))
      );
    },
  ],
  [
    "shows a value that may be wrong, not a bound",
    ({ value }) => value !== undefined && !ts.isLiteralExpression(value),
  ],
] satisfies [string, (call: Call) => boolean][])("each %s", (_, isRight) => {
  expect(calls.length).toBeGreaterThan(400);
  expect(calls.filter((call) => !isRight(call)).map(({ place }) => place)).toEqual([]);
});
