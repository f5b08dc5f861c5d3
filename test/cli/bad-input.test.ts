import { describe, expect, it } from "vitest";
import { fettle, folder, listing, smallTable } from "./fettle.js";

const space = (parameters: object) => ({
  "data.csv": smallTable(),
  "space.json": JSON.stringify(parameters),
});
const table = (text: string | Uint8Array) => ({ "data.csv": text });
const good = table(smallTable());
const TUNE = "tune data.csv --target y";
const SPACE = `${TUNE} --space space.json`;

/** The fault, the files, the command line, and the message. */
const cases: [string, Record<string, string | Uint8Array>, string, RegExp][] = [
  ["missing file", {}, TUNE, /cannot read "data\.csv": there is no such file/],
  ["a directory", {}, "tune . --target y", /cannot read "\.": it is a directory/],
  [
    "half a character of UTF-16 at the end",
    table(Buffer.concat([Buffer.from(`\ufeff${smallTable()}`, "utf16le"), Buffer.from("x")])),
    TUNE,
    /^error: "data\.csv" is not text in UTF-16LE; /,
  ],
  ["not UTF-8", table(Uint8Array.of(0x61, 0x2c, 0xff, 0xfe)), TUNE, /"data\.csv" is not text in UTF-8/],
  [
    "a spreadsheet",
    table("PK\x03\x04\x14\0 [Content_Types].xml"),
    `${TUNE} --encoding windows-1252`,
    /"data\.csv" must be text; it is a ZIP file, such as a spreadsheet \(\.xlsx, \.ods\); save the table as CSV$/m,
  ],
  ["a PDF", table("%PDF-1.7\n"), TUNE, /"data\.csv" must be text; it is a PDF; save the table as CSV$/m],
  ["empty file", table(""), TUNE, /"data\.csv": .*the text is empty/],
  ["header only", table("a,b,y\n"), TUNE, /"data\.csv": .*only a header line/],
  ["ragged rows", table("a,b,y\n1,2,u\n1,v\n"), TUNE, /"data\.csv": line 3: .*must have 3 cells.*received 2/],
  ["a missing target", good, "tune data.csv --target z", /unknown column "z".*Known: a, b, y/],
  [
    "no target given",
    good,
    "tune data.csv",
    /"data\.csv": choose the column to predict with --target; columns: a, b, y/,
  ],
  [
    "a non-numeric regression target",
    good,
    `${TUNE} --task regression`,
    /target "y" must hold numbers for regression.*"high".* choose --task classification/,
  ],
  ["one class only", table("a,y\n1,u\n2,u\n"), TUNE, /must differ between rows; received "u" in all 2/],
  [
    "one class only, of many rows",
    table(smallTable().replace(/high|low/g, "u")),
    TUNE,
    /target "y" must differ between rows; it is "u" in every row$/m,
  ],
  ["no input", table("y\n1\n2\n"), TUNE, /must have an input besides the target; received only "y"$/m],
  [
    "all seconds of none",
    good,
    `${TUNE} --trials 2 --all-seconds`,
    /--all-seconds needs --seconds; add --seconds 60, or leave it out$/m,
  ],
  [
    "confirmed networks for several metrics",
    good,
    `${TUNE} --metric recall,precision --confirm 2`,
    /--confirm needs a single metric, since several have no ensemble; received 2: recall, precision$/m,
  ],
  [
    "confirmed networks where there is one",
    good,
    `${TUNE} --ensemble 1 --confirm 2`,
    /confirm of ensemble must be 0 for a single network; received 2$/m,
  ],
  ["rows of more than one cell", table("y\n1\n2,3\n"), TUNE, /line 3: every row must have 1 cell, as/],
  [
    "fewer rows than folds",
    table("a,y\n1,u\n2,v\n3,u\n4,v\n"),
    TUNE,
    /a table must have at least 5 rows that are not held out, one for each of the --folds; received 3 of 4$/m,
  ],
  ["NaN in data", table("a,y\n1,u\nNaN,v\n"), TUNE, /column "a" must have every cell; 1 of 2 are missing/],
  [
    "infinity in data",
    table("a,y\n1,u\n-inf,v\n"),
    TUNE,
    /line 3, column "a": numbers must be finite .*received -inf/,
  ],
  [
    "a missing cell",
    table("a,y\n1,u\n,v\n"),
    TUNE,
    /column "a" must have every cell; 1 of 2.*--missing impute or --missing drop$/m,
  ],
  [
    "a target without a cell",
    table("a,y\n1,\n2,\n3,\n"),
    `${TUNE} --as y=number`,
    /target "y" must have values; all cells are missing$/m,
  ],
  [
    "several bad columns, all at once",
    table(
      `zip,last name,a,b,y\n${Array.from({ length: 40 }, (_, i) => `0${i % 3},${i < 38 ? i : i === 38 ? "x" : "z"},${i || ""},${2 * i},${i % 2}\n`).join("")}`,
    ),
    TUNE,
    /3 columns cannot be used:\n.*"zip".*--as zip=category or --as zip=number\n.*"last name".*--na x,z.*\n.*"a".*\n.*--missing drop, or leave columns out with --drop 'zip,last name,a'$/m,
  ],
  ["an unknown rule for them", good, `${TUNE} --missing fill`, /"fill".*Known: refuse, drop, impute/],
  [
    "a batch larger than the data",
    good,
    `${TUNE} --batch-size 41`,
    /--batch-size must be at most 25, .*; received 41/,
  ],
  [
    "such a batch in a space",
    space({ batchSize: { type: "int", low: 8, high: 26 } }),
    SPACE,
    /batchSize must be at most 25.*received 26/,
  ],
  [
    "low above high",
    space({ units: { type: "int", low: 9, high: 2 } }),
    SPACE,
    /"space\.json": parameter "units": low must be at most high/,
  ],
  [
    "a log range through 0",
    space({ l2: { type: "float", low: 0, high: 1, log: true } }),
    SPACE,
    /parameter "l2": low must be above 0 on a log scale .*; received 0/,
  ],
  [
    "an unknown parameter",
    space({ unitz: { type: "int", low: 1, high: 2 } }),
    SPACE,
    /"unitz".*Did you mean "units"/,
  ],
  [
    "an unknown optimizer",
    space({ optimizer: { type: "choice", values: ["adam", "sgdd"] } }),
    SPACE,
    /unknown optimizer "sgdd".*Did you mean "sgd"/,
  ],
  [
    "an unknown activation",
    space({ activation: { type: "choice", values: ["relu", "rellu"] } }),
    SPACE,
    /"rellu".*Did you mean "relu"/,
  ],
  [
    "momentum for adam",
    space({ momentum: { type: "float", low: 0, high: 0.9 } }),
    SPACE,
    /"momentum".*unknown option of adam/,
  ],
  ["a dropout above 1", space({ dropout: { type: "float", low: 0, high: 1.5 } }), SPACE, /"dropout".*1\.5/],
  ["layers by halves", space({ layers: { type: "choice", values: [1.5] } }), SPACE, /"layers".*1\.5/],
  [
    "a space that is not JSON",
    { ...good, "space.json": "{\n  1" },
    SPACE,
    /"space\.json" is not JSON: line 2, column 3/,
  ],
  [
    "a space cut short",
    { ...good, "space.json": '{\n "units": [' },
    SPACE,
    /"space\.json" is not JSON: line 2, column 12/,
  ],
  ["a space that is not there", good, SPACE, /cannot read "space\.json"/],
  [
    "a batch given twice",
    space({ batchSize: { type: "int", low: 4, high: 8 } }),
    `${SPACE} --batch-size 8`,
    /--batch-size must be left out if "space\.json" has "batchSize"; received 8/,
  ],
  [
    "epochs given twice",
    space({ epochs: { type: "int", low: 4, high: 8 } }),
    `${SPACE} --epochs 8`,
    /--epochs must be left out if "space\.json" has "epochs"; received 8/,
  ],
  [
    "epochs that a scheduler could not count",
    space({ epochs: { type: "int", low: 4, high: 8 } }),
    `${SPACE} --scheduler halving`,
    /--scheduler must be left out if "space\.json" has "epochs"; received halving/,
  ],
  [
    "an unknown metric",
    good,
    `${TUNE} --metric acuracy`,
    /unknown metric "acuracy"\. Did you mean "accuracy"/,
  ],
  [
    "a metric twice",
    good,
    `${TUNE} --metric accuracy,f1,accuracy`,
    /--metric must be different metrics; received "accuracy" twice$/m,
  ],
  [
    "a metric twice, once by an alias",
    good,
    `${TUNE} --metric accuracy --metric acc`,
    /--metric must .*"accuracy" twice \(as "accuracy" and "acc"\)/,
  ],
  ["no metric", good, `${TUNE} --metric ,`, /--metric must be one or more names.*received ","/],
  [
    "two metrics for a strategy of one",
    good,
    `${TUNE} --strategy cmaes --metric f1,logLoss`,
    /Use nsga2, gp, tpe, random, sobol or grid/,
  ],
  ["a metric of the other task", good, `${TUNE} --metric r2`, /r2, which is for regression/],
  ["an unknown strategy", good, `${TUNE} --strategy grd`, /unknown strategy "grd"\. Did you mean "grid"/],
  [
    "an unknown scheduler",
    good,
    `${TUNE} --scheduler halfing`,
    /unknown scheduler "halfing"\. Did you mean "halving"/,
  ],
  [
    "a grid without points",
    good,
    `${TUNE} --strategy grid`,
    /"learningRate" must have a step, or a number of points such as --points 5/,
  ],
  ["points without a grid", good, `${TUNE} --points 3`, /--points needs --strategy grid/],
  ["an unknown option", good, `${TUNE} --trails 3`, /unknown option '--trails'\n\(Did you mean --trials\?\)/],
  ["a former name of an option", good, `${TUNE} --cv 3`, /unknown option '--cv'\n\(Did you mean --folds\?\)/],
  ["the first half of an option", good, `${TUNE} --test 0`, /'--test'\n\(Did you mean --test-size\?\)/],
  ["an option of another command", good, `${TUNE} --cases=3`, /'--cases=3'\n.*fettle tune --help/],
  [
    "an unknown command",
    good,
    "tuna data.csv",
    /unknown command 'tuna'\n\(Did you mean tune\?\)\n.*fettle --help/,
  ],
  ["no command", good, "", /Usage: fettle/],
  ["no table", good, "tune", /missing required argument 'data\.csv'\n.*fettle tune --help/],
  ["a second table", good, "tune data.csv data.csv --target y", /too many arguments/],
  [
    "more folds than rows",
    good,
    `${TUNE} --folds 41 --test-size 0`,
    /--folds must be .*number of rows, 40; received 41/,
  ],
  [
    "a class with fewer rows than folds",
    table(`${smallTable()}41,1,odd\n42,2,odd\n`),
    TUNE,
    /each class of "y" must have at least 5 rows, .* --folds; received "odd" with 2; choose --rare drop or --rare merge, or use fewer folds/,
  ],
  [
    "one fold",
    good,
    `${TUNE} --folds 1`,
    /--folds must be an integer from 2 to the number of rows, 32; received 1/,
  ],
  ["no trials", good, `${TUNE} --trials 0`, /--trials must be a positive integer; received 0/],
  [
    "words for a number",
    good,
    `${TUNE} --epochs many`,
    /--epochs must be a positive integer; received "many"/,
  ],
  [
    "more epochs than curves keep",
    good,
    `${TUNE} --epochs 1000001`,
    /--epochs must be at most 1000000, since curves keep a number for each; received 1000001/,
  ],
  ["all rows held out", good, `${TUNE} --test-size 1`, /--test-size must be .*below 1; received "1"/],
  ["a negative seed", good, `${TUNE} --seed=-1`, /--seed must be an integer of at least 0; received -1/],
  ["an unknown dropped column", good, `${TUNE} --drop q`, /unknown column "q"/],
  ["no input left", good, `${TUNE} --drop a,b`, /must have an input besides the target/],
];

describe.concurrent("fettle refuses", () => {
  it.each(cases)("%s", async (_, files, line, message) => {
    const cwd = folder(files);
    const { code, stdout, stderr } = await fettle(line.split(" ").filter(Boolean), cwd);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/^\s+at /m); // no stack
    expect(listing(cwd)).toEqual(Object.keys(files).sort()); // nothing written
  });
});
