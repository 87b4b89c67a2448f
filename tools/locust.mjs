// Prints the path of a Python with Locust, which it installs where there is none. The command line runs it where `npm start` has not
// prepared one (cli/src/runs/locust.ts); it installs no packages of npm, since the program that waits for it uses them.
import { ensurePython } from "./python.mjs";
import { say, Stop } from "./steps.mjs";

try {
  process.stdout.write(`${(await ensurePython()).python}\n`);
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  say(error.message);
  process.exitCode = 1;
}
