/**
 * Calls of `must` and its like have their texts in the right places: first the name, then the rule. All are
 * strings, so the compiler accepts them in any order, and a refusal is rarely seen word for word. An error
 * that is made of a caught one has it as its cause, which no message shows.
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

/** Errors that are made of a caught one and do not hold it, by their files. */
const WITHOUT_CAUSE = [
  "platform/threads.ts", // made of what is not an error
  "model/model.ts", // the same error, of another row
  "predict/rows.ts", // as well
];

it("an error that is made of a caught one has it as its cause", () => {
  const lost: string[] = [];
  let kept = 0;
  for (const file of files) {
    const path = file.replaceAll("\\", "/");
    const tree = ts.createSourceFile(
      path,
      readFileSync(`${src}${file}`, "utf8"),
      ts.ScriptTarget.ES2022,
      true,
    );
    const visit = (node: ts.Node, outer: string | undefined): void => {
      const caught = caughtBy(node, outer);
      ts.forEachChild(node, (child) => visit(child, caught));
      if (caught === undefined || !(ts.isNewExpression(node) || ts.isCallExpression(node))) return;
      if (!/^(super|\w+Error|Refusal|NotConnected)$/.test(node.expression.getText())) return;
      const { line } = tree.getLineAndCharacterOfPosition(node.getStart());
      if (node.arguments?.some((each) => each.getText() === caught || isCause(each, caught))) kept++;
      else if (!WITHOUT_CAUSE.includes(path)) lost.push(`${path}:${line + 1} has no cause: ${caught}`);
    };
    visit(tree, undefined);
  }
  expect(lost).toEqual([]);
  expect(kept).toBeGreaterThan(40);
});

/** The name of the caught error within a clause or a function; undefined outside. */
function caughtBy(node: ts.Node, outer: string | undefined): string | undefined {
  if (ts.isCatchClause(node)) return node.variableDeclaration?.name.getText();
  if (!ts.isFunctionLike(node)) return outer;
  const own = node.parameters.map(({ name }) => name.getText()).find((name) => /^(error|cause)$/.test(name));
  return own ?? (ts.isArrowFunction(node) ? outer : undefined);
}

/** Whether an argument is `{ cause }`, or `{ cause: error }` with that name. */
const isCause = (argument: ts.Expression, caught: string): boolean =>
  ts.isObjectLiteralExpression(argument) &&
  argument.properties.some((each) => /^(cause: )?(\w+)$/.exec(each.getText())?.[2] === caught);
