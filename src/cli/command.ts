/** Commands. A command is declared once: what `--help` says of it, its arguments, its flags and its work. */
import type { Command } from "commander";
import { EXIT } from "./exit.js";
import { addFlags, type FlagsOf, type FlagTable } from "./flags.js";

/** Defines the arguments, the options and the work of a command; `done` receives the exit code. */
export type Define = (command: Command, done: (exitCode: number) => void) => void;

/** Ends with the exit code, unless that is success. */
export type Work = Promise<number> | Promise<void>;

/** An argument, such as `<data.csv>` or `[data.csv]`, and its line of `--help`. */
type Argument = readonly [name: string, help: string];

/** What commander makes of arguments. */
type WordsOf<Arguments extends readonly Argument[]> = {
  [At in keyof Arguments]: Arguments[At] extends readonly [infer Name, string] ? WordOf<Name> : never;
};
type WordOf<Name> = Name extends `<${string}`
  ? string
  : Name extends `${string}...]`
    ? readonly string[]
    : string | undefined;

interface CommandRow<Table extends FlagTable, Arguments extends readonly Argument[]> {
  /** What follows its name in `--help`; by default its options and arguments. */
  readonly usage?: string;
  readonly description: string;
  readonly arguments?: Arguments;
  readonly flags: Table;
  /** What follows the options in `--help`: examples. */
  readonly after?: string;
  /** Is given the arguments, the flags and the command. */
  readonly run: (...given: [...WordsOf<Arguments>, FlagsOf<Table>, Command]) => Work;
}

export function defineCommand<
  Table extends FlagTable,
  const Arguments extends readonly Argument[] = readonly [],
>(row: CommandRow<Table, Arguments>): Define {
  return (command, done) => {
    command.description(row.description);
    if (row.usage !== undefined) command.usage(row.usage);
    for (const [name, help] of row.arguments ?? []) command.argument(name, help);
    if (row.after !== undefined) command.addHelpText("after", `\n${row.after}`);
    addFlags(command, row.flags).action(async (...given) =>
      done((await row.run(...(given as never))) ?? EXIT.success),
    );
  };
}
