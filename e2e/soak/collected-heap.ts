import { writeFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { isMainThread } from "node:worker_threads";

/** Loaded into the server of a soak: at SIGUSR2 it collects garbage and writes the used heap, in MiB, to a file. */
const file = process.env["SOAK_HEAP_FILE"];
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

if (isMainThread && file !== undefined) {
  process.on("SIGUSR2", () => {
    collect();
    writeFileSync(file, String(process.memoryUsage().heapUsed / 2 ** 20));
  });
}
