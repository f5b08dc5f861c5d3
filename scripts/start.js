// `npm start` tunes a network on the first example table; `npm start -- <args>` is `npx fettle <args>`.
import { main } from "../dist/node/cli.js";

const words = process.argv.slice(2);
if (words.length > 0) {
  // npm changes to the package's folder, but file names are relative to the user's folder.
  process.chdir(process.env.INIT_CWD ?? ".");
  process.exitCode = await main(words);
} else {
  const mainJob = [
    "tune",
    "examples/data/breast-cancer.csv",
    "--target",
    "diagnosis",
    "--out",
    "study",
    "--overwrite",
  ];
  console.error(`This runs: npx fettle ${mainJob.join(" ")}\n`);
  process.exitCode = await main(mainJob);
}
