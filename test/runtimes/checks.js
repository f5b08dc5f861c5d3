/** What else must hold on runtimes, beside the bits: each check answers what it found, or throws. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkBounds } from "./bounds.js";
import { bundlerChecks } from "./bundlers.js";
import { checkDashboard } from "./dashboard.js";
import { checkExample } from "./example.js";
import { checkDashboardInFirefox, checkExampleInFirefox } from "./firefox.js";
import { app } from "./install.js";
import { withChromium, withFirefox } from "./launch.js";
import { pageStorageCheck } from "./page-storage.js";
import { picturesCheck } from "./pictures.js";
import { receiptCheck } from "./receipt.js";
import { checkReport } from "./report.js";
import { checkReportOfStudy } from "./report-study.js";
import { checkSite } from "./site.js";
import { checkTransfer } from "./transfer.js";
import { wranglerCheck } from "./wrangler.js";

const table = new URL("../../examples/data/breast-cancer.csv", import.meta.url);
const bin = join(app, "node_modules/fettle/bin/fettle.js");

export const checks = [
  { name: "workerd-bounds", run: checkBounds },
  {
    name: "browser-example",
    run: () => withChromium((browser) => checkExample(join(app, ".."), browser, readFileSync(table, "utf8"))),
  },
  {
    name: "browser-example-firefox",
    run: () =>
      withFirefox((browser) => checkExampleInFirefox(join(app, ".."), browser, readFileSync(table, "utf8"))),
  },
  { name: "transfer-example", run: () => withChromium((browser) => checkTransfer(join(app, ".."), browser)) },
  pageStorageCheck,
  { name: "report", run: () => withChromium(checkReport) },
  { name: "report-study", run: checkReportOfStudy },
  picturesCheck,
  { name: "site", run: () => withChromium((browser) => checkSite(join(app, "..", "site"), browser)) },
  { name: "dashboard", run: () => withChromium((browser) => checkDashboard(bin, browser)) },
  { name: "dashboard-firefox", run: () => withFirefox((browser) => checkDashboardInFirefox(bin, browser)) },
  ...bundlerChecks,
  receiptCheck,
  wranglerCheck,
];
