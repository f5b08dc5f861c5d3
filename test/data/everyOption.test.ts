/** Every option of the functions that read, encode and divide tables. */
import { type EncodeOptions, encodeTable } from "../../src/data/dataset.js";
import { groupKFold, groupShuffleSplit, stratifiedGroupKFold } from "../../src/data/split/groups.js";
import {
  kFold,
  repeatedKFold,
  repeatedStratifiedKFold,
  stratifiedKFold,
} from "../../src/data/split/kFold.js";
import { leavePGroupsOut, leavePOut } from "../../src/data/split/leaveOut.js";
import {
  type ThreeWaySplitOptions,
  trainTestSplit,
  trainValidationTestSplit,
} from "../../src/data/split/parts.js";
import { shuffleSplit, stratifiedShuffleSplit } from "../../src/data/split/shuffle.js";
import type { FoldRows } from "../../src/data/split/splitter.js";
import { timeSeriesSplit } from "../../src/data/split/time.js";
import { type ReadTableOptions, readTable } from "../../src/data/table.js";
import { type WindowsOptions, windows } from "../../src/data/windows.js";
import { type Changes, everyOption } from "../everyOption.js";

const text = [
  "a;flag;word;when;price",
  ...[..."0123456789ab"].map((_, i) =>
    [
      i,
      i % 3 ? "yes" : "no",
      ["lo", "hi", "Hi", "-"][i % 4],
      `0${1 + (i % 9)}/0${1 + (i % 7)}/2024`,
      `1.${i}00`,
    ].join(";"),
  ),
].join("\n");
/** What is read, or why it is refused. */
const orError = (made: () => unknown): unknown => {
  try {
    return made();
  } catch (error) {
    return (error as Error).message;
  }
};
everyOption<ReadTableOptions>(
  "readTable",
  {},
  (options) => orError(() => ({ ...readTable(text, options) })),
  {
    delimiter: [{ delimiter: "," }],
    header: [{ header: false }],
    limits: [{ limits: { rows: 5 } }],
    na: [{ na: ["lo"] }],
    defaultNa: [{ defaultNa: false }],
    decimal: [{ decimal: { price: "," } }],
    dateOrder: [{ dateOrder: "dmy" }],
    as: [{ as: { a: "category" } }],
    ignoreCase: [{ ignoreCase: ["word"] }],
    schema: [{ schema: readTable(text, { as: { a: "category" } }).schema }],
    unknown: [{ unknown: "ignore" }, { schema: readTable(text.replaceAll("lo", "low")).schema }],
  },
);

const table = readTable(text, { dateOrder: "dmy", decimal: "." });
everyOption<EncodeOptions>(
  "encodeTable",
  { target: "flag", missing: "impute" },
  (options) => orError(() => encodeTable(table, options)),
  {
    target: [{ target: "a" }],
    task: [{ task: "regression" }, { target: "a" }],
    positive: [{ positive: "no" }],
    weight: [{ weight: "a" }],
    group: [{ group: "word" }, { missing: "drop" }],
    time: [{ time: "when" }],
    drop: [{ drop: ["a"] }],
    missing: [{ missing: "drop" }],
    rareClasses: [{ rareClasses: { fewerThan: 4, rule: "merge" } }, { target: "word", missing: "drop" }],
  },
);

everyOption<WindowsOptions>(
  "windows",
  { length: 2 },
  (options) =>
    windows(
      [...text.slice(0, 9)].map((_, i) => [i, i * i]),
      options,
    ),
  {
    length: [{ length: 3 }],
    horizon: [{ horizon: 2 }],
    stride: [{ stride: 2 }],
    target: [{ target: 1 }],
  },
);

const rows = 24;
const labels = Int32Array.from({ length: rows }, (_, i) => Number(i < 6));
const groups = Int32Array.from({ length: rows }, (_, i) => i % 8);
const parts: Changes<ThreeWaySplitOptions> = {
  testSize: [{ testSize: 0.5 }],
  validationSize: [{ validationSize: 0.4 }],
  seed: [{ seed: 4 }],
  stratify: [{ stratify: labels }],
  classes: "split/split.test.ts",
};
everyOption<ThreeWaySplitOptions>(
  "trainValidationTestSplit",
  {},
  (options) => trainValidationTestSplit(rows, options),
  parts,
);
everyOption<ThreeWaySplitOptions>(
  "trainTestSplit",
  {},
  ({ validationSize: _, ...options }) => trainTestSplit(rows, options),
  { ...parts, validationSize: "an option of trainValidationTestSplit alone" },
);

/** @param given - what is divided */
function everyOptionOf<Options extends object>(
  name: string,
  divide: (given: never, options?: Options) => FoldRows[],
  given: unknown,
  changes: Changes<Options>,
): void {
  everyOption<Options>(name, {} as Options, (options) => divide(given as never, options), changes);
}
const common = { folds: [{ folds: 3 }], seed: [{ seed: 4 }] } as const;
const shuffle = [{ shuffle: false }] as const;
const repeats = [{ repeats: 2 }] as const;
const shares = { validationSize: [{ validationSize: 0.5 }], trainSize: [{ trainSize: 0.25 }] } as const;
everyOptionOf("kFold", kFold, rows, { ...common, shuffle });
everyOptionOf("stratifiedKFold", stratifiedKFold, labels, {
  ...common,
  shuffle,
  classes: "split/split.test.ts",
});
everyOptionOf("repeatedKFold", repeatedKFold, rows, { ...common, repeats });
everyOptionOf("repeatedStratifiedKFold", repeatedStratifiedKFold, labels, { ...common, repeats });
everyOptionOf("shuffleSplit", shuffleSplit, rows, { ...common, ...shares });
everyOptionOf("stratifiedShuffleSplit", stratifiedShuffleSplit, labels, { ...common, ...shares });
everyOptionOf("groupKFold", groupKFold, groups, common);
everyOptionOf("stratifiedGroupKFold", stratifiedGroupKFold, { rows, groups, labels }, { ...common, shuffle });
everyOptionOf("groupShuffleSplit", groupShuffleSplit, groups, { ...common, ...shares });
everyOptionOf("leavePOut", leavePOut, 6, { p: [{ p: 3 }] });
everyOptionOf("leavePGroupsOut", leavePGroupsOut, groups, { p: [{ p: 3 }] });
everyOptionOf("timeSeriesSplit", timeSeriesSplit, rows, {
  folds: [{ folds: 3 }],
  gap: [{ gap: 1 }],
  maxTrainSize: [{ maxTrainSize: 3 }],
  validationSize: [{ validationSize: 2 }],
});
