/** Whether a command that is shown exists, with the options that it is given. Not a test itself. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { expect } from "vitest";
import { createProgram } from "../../src/cli/main.js";
import { root } from "./blocks.js";

/** Words that look like files must be there. */
export function checkPaths(words: readonly string[]): void {
  // a model is written by the command before, and the package is installed by a user
  const files = words.filter((word) => word.includes("/") && !/^node_modules\/|\.fettle$/.test(word));
  const missing = files.filter((word) => !existsSync(join(root, word)));
  expect(missing).toEqual([]);
}

export const program = await createProgram(() => {});

/** As commander parses it, without running it. */
export function checkFettle([name, ...given]: readonly string[]): void {
  if (name === undefined || /^[<…]|^--(help|version)$/.test(name)) return; // stands for any command, or none
  const top = program.commands.find((each) => each.name() === name) as Command;
  expect(top, `fettle ${name}`).toBeDefined();
  const below = top.commands.find((each) => each.name() === given[0]);
  const [command, words] = below ? [below, given.slice(1)] : [top, given];
  const asksForHelp = words.includes("--help");
  const { operands, unknown } = command.parseOptions(
    words.filter((word) => word !== "--help" && word !== "…"),
  );
  expect(unknown).toEqual([]);
  // a program of the reader's, with words of its own
  const isProgram = command.registeredArguments.some(({ variadic }) => variadic);
  if (!isProgram) {
    expect(operands.length).toBeLessThanOrEqual(command.registeredArguments.length);
    checkPaths(operands.filter((operand) => !/[<…]/.test(operand)));
  }
  if (asksForHelp || words.length === 0) return; // its name alone is no use of it
  expect(operands.length).toBeGreaterThanOrEqual(
    command.registeredArguments.filter((each) => each.required).length,
  );
}
