/** One row of one build, in a process of its own: prints its time. */
import { Build, ROWS } from "./rows.js";

const [root, name] = process.argv.slice(2);
console.log(await ROWS[name].time(new Build(root)));
process.exit(0); // threads of a build may still be idle
