import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";
import { removeOldEnvironments } from "./old-environments.ts";

const HOUR_S = 3600;
const NOW_S = 1_700_000_000;

test.runIf(process.platform === "linux")(
  "the last twenty environments stay, what a process uses, and what is young; parts of others go",
  async () => {
    const environmentsFolder = temporaryFolder();
    const make = (name: string, hoursAgo: number, isComplete: boolean): string => {
      const path = join(environmentsFolder, name);
      mkdirSync(join(path, "bin"), { recursive: true });
      const at = NOW_S - hoursAgo * HOUR_S;
      const mark = join(path, "complete.json");
      if (isComplete) writeFileSync(mark, "{}");
      utimesSync(isComplete ? mark : path, at, at);
      return path;
    };
    for (let hours = 2; hours < 22; hours += 1) make(`kept.${hours}`, hours, true);
    const used = make("used.a", 50, true);
    make("old.a", 51, true);
    make("part.old", 3, false);
    make("part.young", 0.5, false);
    const child = spawn("/bin/sleep", ["60"], { env: { PATH: `${used}/bin:/bin` } });
    onTestFinished(() => {
      child.kill("SIGKILL");
    });
    await new Promise((resolve) => child.once("spawn", resolve));
    const clock = { wall: () => NOW_S * 1000 };
    const removal = { environmentsFolder, clock };
    await removeOldEnvironments(removal);
    const left = readdirSync(environmentsFolder);
    expect(left.filter((name) => !name.startsWith("kept."))).toEqual(["part.young", "used.a"]);
    expect(left).toHaveLength(22);
    await removeOldEnvironments({ ...removal, environmentsFolder: join(used, "nowhere") });
  },
);
