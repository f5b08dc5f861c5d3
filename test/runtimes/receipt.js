/**
 * A stranger's receipt: what Node tuned, each runtime of the command line recomputes to the same bits, and
 * finds a changed cell.
 */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { app } from "./install.js";
import { runProcess, runtimes } from "./launch.js";

const CLI = "node_modules/fettle/bin/fettle.js";
const TABLE = "node_modules/fettle/examples/data/wine.csv";
const TUNE = [
  "--target",
  "cultivar",
  "--trials",
  "6",
  "--epochs",
  "5",
  "--jobs",
  "2",
  "--out",
  "receipt",
  "--overwrite",
];

export const receiptCheck = {
  name: "receipt",
  install: async () => {
    for (const { command, install } of runtimes) if (command) await install();
  },
  async run() {
    const { status, stderr } = spawnSync(process.execPath, [CLI, "tune", TABLE, ...TUNE], { cwd: app });
    if (status !== 0) throw new Error(`tune ended with code ${status}\n${stderr}`);
    const text = readFileSync(join(app, TABLE), "utf8");
    const cell = text.split("\n")[80].split(",")[3];
    writeFileSync(join(app, "changed.csv"), text.replace(`,${cell},`, `,${cell}1,`));
    const found = [];
    for (const { name, command } of runtimes.filter((each) => each.command)) {
      const verify = (file) =>
        runProcess(command, [CLI, "verify", "receipt/model.fettle", file, "--json"], [0, 1]);
      const [same, changed] = [await verify(TABLE), await verify("changed.csv")];
      const parts = ["kernels", "data", "folds", "trials", "weights"];
      const expected = { same: true, ...Object.fromEntries(parts.map((part) => [part, "same"])) };
      if (JSON.stringify(same) !== JSON.stringify(expected))
        throw new Error(`${name} recomputes something else: ${JSON.stringify(same)}`);
      if (changed.same || !/^other cells in "\w+"$/.test(changed.data))
        throw new Error(`${name} does not find the changed cell: ${JSON.stringify(changed)}`);
      found.push(name);
    }
    return `${found.join(", ")} recompute the study of Node ${process.version.slice(1)}, and find a changed cell`;
  },
};
