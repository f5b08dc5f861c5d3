// `npm start`: the main job, or with arguments the command line as `npx fettle` has it.
import { main } from "../dist/node/cli.js";

const words = process.argv.slice(2);
if (words.length > 0) {
  // npm changes to the package's folder; file names are meant from where the user is.
  process.chdir(process.env.INIT_CWD ?? ".");
  process.exitCode = await main(words);
} else {
  const mainJob = ["tune", "examples/data/breast-cancer.csv", "--target", "diagnosis"];
  console.error(`This runs: npx fettle ${mainJob.join(" ")}\n`);
  process.exitCode = await main(mainJob);
}
