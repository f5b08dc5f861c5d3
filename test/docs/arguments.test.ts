/**
 * The tables of arguments on the pages for users of Keras and scikit-learn, against the signatures that
 * `arguments/make_signatures.py` wrote: every argument of every function has one row, and no other has one.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), "utf8");

const pages: Record<string, { version: string; signatures: Record<string, string[]> }> = JSON.parse(
  read("./arguments/signatures.json"),
);

const codes = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code);

/** The functions in a heading, and the rows below it: their arguments, and of which functions they are. */
function tablesOf(page: string): { functions: string[]; rows: { args: string[]; of: string[] }[] }[] {
  return [...page.matchAll(/^## Arguments of (.+)$([\s\S]*?)(?=^## |$(?![\s\S]))/gm)].map(
    ([, heading, text]) => {
      const functions = codes(heading);
      const rows = [...text.matchAll(/^\| (`.+?) \| (.+?) \|/gm)].map(([, names, of]) => ({
        args: codes(names),
        of: of === "all" ? functions : codes(of),
      }));
      return { functions, rows };
    },
  );
}

describe.each(Object.entries(pages))("%s", (path, { version, signatures }) => {
  const page = read(`../../${path}`);
  const tables = tablesOf(page);
  const given = Object.entries(signatures).flatMap(([name, names]) =>
    names.map((arg) => [name, arg] as const),
  );

  it.each(given)("says what to write for %s(%s)", (name, arg) => {
    const rows = tables.flatMap((table) => table.rows);
    expect(rows.filter(({ args, of }) => args.includes(arg) && of.includes(name))).toHaveLength(1);
  });

  it("names no argument that does not exist", () => {
    const named = tables.flatMap(({ rows }) =>
      rows.flatMap(({ args, of }) => of.flatMap((name) => args.map((arg) => `${name}(${arg})`))),
    );
    const known = new Set(given.map(([name, arg]) => `${name}(${arg})`));
    expect(named.filter((one) => !known.has(one))).toEqual([]);
    expect(tables.flatMap(({ functions }) => functions).sort()).toEqual(Object.keys(signatures).sort());
  });

  it("names the release", () => expect(page).toContain(version.replace(/\.\d+$/, "")));
});
