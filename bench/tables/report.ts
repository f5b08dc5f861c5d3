/** The report of the benchmark, as markdown, and its pictures. Every figure is computed elsewhere. */

import { count } from "../../src/report/format.js";
import type { Picture } from "../../src/report/pictures/picture.js";
import { ranksPictureOf } from "../../src/report/pictures/ranks.js";
import type { Contestant } from "./contestants.js";
import { type Clock, keyOf, type Result } from "./results.js";
import { lossOf } from "./score.js";
import { type Comparison, compare, type LossTable, medians } from "./statistics.js";
import type { BenchTable } from "./tables.js";

/** What is reported. */
export interface Scope {
  readonly tables: readonly BenchTable[];
  readonly contestants: readonly Contestant[];
  readonly seeds: number;
  readonly jobs: number;
  readonly clock: Clock;
}

/** The results of one budget: those of tables on which every contestant has a result for every seed. */
interface Budget {
  readonly seconds: number;
  readonly table: LossTable;
  /** [tables, contestants, seeds] */
  readonly results: readonly (readonly (readonly Result[])[])[];
  /** Tables that lack results. */
  readonly missing: readonly string[];
}

function budgetOf(scope: Scope, found: ReadonlyMap<string, Result>, seconds: number): Budget {
  const { tables, contestants, seeds, jobs, clock } = scope;
  const rows = tables.map(({ name: table }) => ({
    name: table,
    results: contestants.map(({ name: contestant, timed }) =>
      Array.from({ length: seeds }, (_, seed) =>
        found.get(keyOf({ table, seed, contestant, seconds: timed ? seconds : null, jobs, clock })),
      ).filter((result) => result !== undefined),
    ),
  }));
  const isWhole = ({ results }: (typeof rows)[number]) => results.every(({ length }) => length === seeds);
  const whole = rows.filter(isWhole);
  return {
    seconds,
    table: {
      tables: whole.map(({ name }) => name),
      contestants: contestants.map(({ name }) => name),
      losses: whole.map(({ results }) => results.map((own) => own.map(({ scores }) => lossOf(scores)))),
    },
    results: whole.map(({ results }) => results),
    missing: rows.filter((row) => !isWhole(row)).map(({ name }) => name),
  };
}

/** The report and the pictures. */
export function report(
  scope: Scope,
  found: ReadonlyMap<string, Result>,
  budgets: readonly number[],
): { readonly markdown: string; readonly pictures: readonly Picture[] } {
  const ours = scope.contestants[0].name;
  const all = budgets.map((seconds) => budgetOf(scope, found, seconds));
  const compared = all
    .filter(({ table }) => table.tables.length > 0 && table.contestants.length > 1)
    .map((budget) => ({ ...budget, comparison: compare(budget.table, ours) }));
  const titles = new Map(scope.contestants.map(({ name, title }) => [name, title]));
  const lines = [
    ...["## Contestants", "", "| name | what it is |", "|---|---|"],
    ...scope.contestants.map(({ name }) => `| \`${name}\` | ${titles.get(name)} |`),
    ...compared.flatMap((budget) => ["", ...section(budget, scope)]),
    ...all.flatMap(({ seconds, missing }) =>
      missing.length === 0 ? [] : ["", `Without all results at ${seconds} s: ${missing.join(", ")}.`],
    ),
  ];
  const pictures =
    compared.length === 0
      ? []
      : [
          ranksPictureOf({
            title: "Mean ranks over the tables",
            panels: compared.map(({ seconds, comparison }) => [`${seconds} s`, comparison] as const),
          }),
        ];
  return { markdown: `${lines.join("\n")}\n`, pictures };
}

function section(
  { seconds, table, results, comparison }: Budget & { readonly comparison: Comparison },
  { tables, seeds, jobs, clock, contestants }: Scope,
): string[] {
  const { friedman, criticalDifference, meanRanks, pairs } = comparison;
  const times = contestants.map((_, j) => results.flatMap((row) => row[j]));
  const order = meanRanks.map((_, j) => j).sort((a, b) => meanRanks[a].mean - meanRanks[b].mean);
  const middle = medians(table);
  return [
    `## ${count(seconds, "second")}${clock === "wall" ? "" : " of processor time"}, ${count(comparison.tables, "table")}, ${count(seeds, "seed")}, ${count(jobs, "core")}`,
    "",
    "| contestant | mean rank | 95 % | wall, s | processor, s | trials |",
    "|---|---|---|---|---|---|",
    ...order.map((j) => {
      const { optimizer, mean, low, high } = meanRanks[j];
      const middleOf = (of: (result: Result) => number) => half(times[j].map(of));
      const figures = [
        middleOf(({ wall }) => wall).toFixed(1),
        middleOf(({ processor }) => processor).toFixed(1),
      ];
      return `| \`${optimizer}\` | ${mean.toFixed(2)} | ${low.toFixed(2)} to ${high.toFixed(2)} | ${figures.join(" | ")} | ${middleOf(({ trials }) => trials)} |`;
    }),
    "",
    `Friedman: ${probability(friedman.p)}. Nemenyi: ranks ${criticalDifference.toFixed(2)} or more apart differ at the 0.05 level. Times and trials are medians.`,
    "",
    `| \`${contestants[0].name}\` against | better : worse | sign test | Wilcoxon | our loss over theirs | better, level, worse over the seeds |`,
    "|---|---|---|---|---|---|",
    ...pairs.map(
      ({
        contestant,
        better,
        worse,
        signP,
        wilcoxonP,
        ratio,
        tables: { better: more, level, worse: less },
      }) =>
        `| \`${contestant}\` | ${better} : ${worse} | ${probability(signP)} | ${probability(wilcoxonP)} | ${ratio.toFixed(3)} | ${more}, ${level}, ${less} |`,
    ),
    "",
    `| table | loss | ${table.contestants.map((name) => `\`${name}\``).join(" | ")} |`,
    `|---|---|${table.contestants.map(() => "---|").join("")}`,
    ...table.tables.map((name, i) => {
      const least = Math.min(...middle[i]);
      const cells = middle[i].map((loss) => (loss === least ? `**${digits(loss)}**` : digits(loss)));
      const task = tables.find((each) => each.name === name)?.task;
      return `| ${name} | ${task === "regression" ? "RMSE" : "log loss"} | ${cells.join(" | ")} |`;
    }),
    "",
    `| table | score | ${table.contestants.map((name) => `\`${name}\``).join(" | ")} |`,
    `|---|---|${table.contestants.map(() => "---|").join("")}`,
    ...table.tables.map((name, i) => {
      const cells = results[i].map((own) => half(own.map(({ scores }) => second(scores))).toFixed(4));
      return `| ${name} | ${"r2" in results[i][0][0].scores ? "R²" : "accuracy"} | ${cells.join(" | ")} |`;
    }),
  ];
}

const half = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1];
const second = (scores: Result["scores"]): number => ("r2" in scores ? scores.r2 : scores.accuracy);
const digits = (value: number): string => String(Number(value.toPrecision(4)));
const probability = (p: number): string => (p < 0.001 ? "p < 0.001" : `p = ${p.toFixed(3)}`);

/** The tables, as markdown. */
export function describeTables(tables: readonly BenchTable[]): string {
  const rows = tables.map(({ name, package: from, licence, object, target, task, drop, rows }) => {
    const left = Object.entries(drop).map(([column, why]) => `\`${column}\`: ${why}`);
    return `| ${name} | ${from}, \`${object}\` | ${licence} | \`${target}\` | ${task} | ${rows} | ${left.join("; ")} |`;
  });
  return `${["| table | package | licence | target | task | rows | left out |", "|---|---|---|---|---|---|---|", ...rows].join("\n")}\n`;
}
