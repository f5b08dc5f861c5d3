/**
 * The tables of the benchmark, as a list: what ships each, what is predicted, and what is left out of it.
 * Defaults are chosen on the tables for choosing; claims are made on the others, which nobody has looked at
 * for a choice.
 */
import type { Task } from "fettle";
import { byName, check, show } from "../../src/errors.js";

/** Whether a table may be used to choose defaults, or is kept for claims. */
export type TableSet = "choosing" | "claims";

/** One table. */
export interface BenchTable {
  readonly name: string;
  readonly set: TableSet;
  /** What ships it: a package of Debian, or this repository. */
  readonly package: string;
  /** The licence of the package. */
  readonly licence: string;
  /** Its data frame in a package of R, or its file in the repository. */
  readonly object: string;
  readonly target: string;
  readonly task: Task;
  /** Columns that are left out, and why. */
  readonly drop: Readonly<Record<string, string>>;
  /** Rows that have a target. */
  readonly rows: number;
}

/** This repository, whose examples are tables for choosing. */
export const REPOSITORY = "fettle";

const LICENCES: Readonly<Record<string, string>> = {
  [REPOSITORY]: "MIT; the tables are UCI's (CC BY 4.0) and, of diabetes, Efron's",
  "r-cran-aer": "GPL-2 or GPL-3",
  "r-cran-cardata": "GPL-2 or later",
  "r-cran-caret": "GPL-2 or later",
  "r-cran-dplyr": "MIT",
  "r-cran-ggplot2": "MIT",
  "r-cran-kernlab": "GPL-2",
  "r-cran-mass": "GPL-2 or GPL-3",
  "r-cran-mlbench": "GPL-2",
  "r-cran-mlmrev": "GPL-2 or later",
  "r-cran-modeldata": "MIT",
  "r-cran-randomforest": "GPL-2 or later",
  "r-cran-rpart": "GPL-2 or GPL-3",
  "r-cran-survival": "LGPL-2 or later",
};

type Row = readonly [object: string, target: string, rows: number, drop?: BenchTable["drop"]];

const named = (set: TableSet, from: string, task: Task, rows: readonly Row[]): BenchTable[] =>
  rows.map(([object, target, count, drop = {}]) => ({
    name: object.replace(/^.*\/|\.csv$/g, ""),
    set,
    package: from,
    licence: LICENCES[from],
    object,
    target,
    task,
    drop,
    rows: count,
  }));

const LATER = "known only after what is predicted";
const NAME = "names the row";
const OTHER = "another target";
const RULE = "gives the target away";

export const tables: readonly BenchTable[] = [
  ...named("choosing", REPOSITORY, "classification", [
    ["examples/data/iris.csv", "species", 150],
    ["examples/data/wine.csv", "cultivar", 178],
    ["examples/data/breast-cancer.csv", "diagnosis", 569],
    ["examples/data/digits.csv", "digit", 1797],
  ]),
  ...named("choosing", REPOSITORY, "regression", [["examples/data/diabetes.csv", "progression", 442]]),
  ...named("choosing", "r-cran-mlbench", "classification", [
    ["Sonar", "Class", 208],
    ["PimaIndiansDiabetes", "diabetes", 768],
    ["Ionosphere", "Class", 351],
    ["Vehicle", "Class", 846],
    ["Glass", "Type", 214],
    ["Vowel", "Class", 990],
    ["Satellite", "classes", 6435],
  ]),
  ...named("choosing", "r-cran-mlbench", "regression", [
    ["BostonHousing", "medv", 506],
    ["Ozone", "V4", 361],
    ["Servo", "Class", 167],
  ]),
  ...named("choosing", "r-cran-kernlab", "classification", [
    ["spam", "type", 4601],
    ["income", "INCOME", 8993],
  ]),
  ...named("choosing", "r-cran-mass", "regression", [
    [
      "Cars93",
      "Price",
      93,
      { "Min.Price": OTHER, "Max.Price": OTHER, Manufacturer: NAME, Model: NAME, Make: NAME },
    ],
  ]),
  ...named("choosing", "r-cran-aer", "classification", [
    ["CreditCard", "card", 1319, { share: RULE, expenditure: RULE }],
    ["HealthInsurance", "insurance", 8802],
    ["NMES1988", "health", 4406],
  ]),
  ...named("choosing", "r-cran-aer", "regression", [["CPS1988", "wage", 28_155]]),
  ...named("choosing", "r-cran-dplyr", "classification", [
    ["storms", "status", 19_537, { name: NAME, category: RULE }],
  ]),
  ...named("choosing", "r-cran-ggplot2", "regression", [["diamonds", "price", 53_940]]),
  ...named("choosing", "r-cran-rpart", "regression", [["solder", "skips", 900]]),
  ...named("choosing", "r-cran-mlmrev", "classification", [["Contraception", "use", 1934, { woman: NAME }]]),
  ...named("choosing", "r-cran-mlmrev", "regression", [["Exam", "normexam", 4059, { student: NAME }]]),

  ...named("claims", "r-cran-modeldata", "classification", [
    ["ad_data", "Class", 333],
    ["attrition", "Attrition", 1470],
    ["cells", "class", 2019, { case: "the division of its authors" }],
    ["credit_data", "Status", 4454],
    ["mlc_churn", "churn", 5000],
    ["taxi", "tip", 10_000],
    ["hpc_data", "class", 4331],
    ["leaf_id_flavia", "species", 1907],
  ]),
  ...named("claims", "r-cran-aer", "classification", [["HMDA", "deny", 2380]]),
  ...named("claims", "r-cran-caret", "classification", [["GermanCredit", "Class", 1000]]),
  ...named("claims", "r-cran-cardata", "classification", [
    ["TitanicSurvival", "survived", 1309],
    ["Chile", "vote", 2532],
  ]),
  ...named("claims", "r-cran-survival", "classification", [
    ["flchain", "death", 7874, { futime: LATER, chapter: LATER }],
  ]),
  ...named("claims", "r-cran-mlbench", "classification", [
    ["DNA", "Class", 3186],
    ["LetterRecognition", "lettr", 20_000],
    ["Soybean", "Class", 683],
  ]),
  ...named("claims", "r-cran-modeldata", "regression", [
    ["ames", "Sale_Price", 2930],
    ["concrete", "compressive_strength", 1030],
    ["deliveries", "time_to_delivery", 10_012],
    [
      "hotel_rates",
      "avg_price_per_room",
      15_402,
      { agent: NAME, company: NAME, arrival_date: "arrival_date_num is the same" },
    ],
    ["meats", "fat", 215, { water: OTHER, protein: OTHER }],
    ["Sacramento", "price", 932, { zip: NAME }],
  ]),
  ...named("claims", "r-cran-randomforest", "regression", [["imports85", "price", 201]]),
];

/** The tables of a set, or those named. */
export function selectTables(set: string, names: readonly string[] | undefined): readonly BenchTable[] {
  const ofSet = byName("set", { choosing: "choosing", claims: "claims" }, set);
  const all = Object.fromEntries(tables.map((table) => [table.name, table]));
  if (names === undefined) return tables.filter((table) => table.set === ofSet);
  const found = names.map((name) => byName("table", all, name));
  const other = found.find((table) => table.set !== ofSet);
  check(other === undefined, () => `table ${show(other?.name)} is of the set for ${other?.set}; pass --set`);
  return found;
}
