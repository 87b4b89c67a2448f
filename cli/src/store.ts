import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "@load-manager/server/config/load-config.ts";
import { systemClock } from "@load-manager/server/lib/clock.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { denormalizedTotalsOfRecord } from "@load-manager/server/metrics/codec/denormalized-totals.ts";
import { backup } from "@load-manager/server/stores/backup/backup.ts";
import { restore } from "@load-manager/server/stores/backup/restore.ts";
import { parseAddress } from "@load-manager/server/stores/copy/address.ts";
import { type Copied, copyStore } from "@load-manager/server/stores/copy/copy.ts";
import { openSource, openTarget } from "@load-manager/server/stores/copy/open.ts";
import { VERSION } from "@load-manager/server/version.ts";
import type { Command } from "commander";
import { createProgress } from "./progress.ts";

type Out = (line: string) => void;

/** In columns that are as wide as what is in them. */
const table = (rows: readonly (readonly string[])[]): string[] => {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
};

const printVerdicts = (out: Out, { verdicts }: Copied): void => {
  const rows = verdicts.map(({ kind, source, target }) => [
    kind,
    source.count.toLocaleString("en"),
    source.checksum,
    target.count.toLocaleString("en"),
    target.checksum,
    source.count === target.count && source.checksum === target.checksum ? "same" : "DIFFERENT",
  ]);
  const head = ["what", "source", "checksum", "copy", "checksum", ""];
  for (const line of table([head, ...rows])) out(line);
};

const copy = async (
  given: { readonly from: string; readonly to: string; readonly force?: true },
  out: Out,
): Promise<void> => {
  const from = parseAddress(given.from, "--from");
  const to = parseAddress(given.to, "--to");
  if (from.shown === to.shown) {
    throw new AppError("validation", `--from and --to are the same: ${from.shown}.`);
  }
  const progress = createProgress(process.stderr, systemClock.monotonic);
  const source = await openSource(from);
  try {
    const target = await openTarget(to);
    try {
      const copied = await copyStore({
        source,
        target,
        from: from.shown,
        to: to.shown,
        owner: randomUUID(),
        force: given.force === true,
        plain: denormalizedTotalsOfRecord,
        sleep: (ms) => sleep(ms),
        say: progress.line,
        onProgress: progress.update,
      });
      progress.line(`From ${from.shown} to ${to.shown}:`);
      printVerdicts(out, copied);
      if (!copied.same) {
        process.exitCode = 1;
        out(
          `The copy is not the same: was something using ${from.shown}? Servers do not start on ${to.shown}. Do the same again once nothing changes there.`,
        );
        return;
      }
      out("Everything is there and the same. Start servers on the copy only.");
      if (copied.waiting > 0) {
        out(
          `${copied.waiting} runs wait for their turn in both now: a server on each would run them twice.`,
        );
      }
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
};

type Place = { readonly config?: string; readonly dataDir?: string; readonly force?: true };

const withPlace = (command: Command): Command =>
  command
    .option("--data-dir <folder>", "where everything is kept (default: store.dataDir)")
    .option("--config <file>", "configuration file (default: load-manager.yaml, if there is one)");

const folderOf = ({ config: file, dataDir }: Place): string => {
  if (dataDir !== undefined) return dataDir;
  const { store } = loadConfig({ config: file }).config;
  if (store.kind === "sqlite") return store.dataDir;
  throw new AppError(
    "validation",
    `The store of this configuration is ${store.kind}; backups here are of SQLite. MongoDB has mongodump (docs/mongodb.md). A data folder can be named with --data-dir.`,
  );
};

const mebibytes = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1)} MiB`;

const makeBackup = async (file: string, place: Place, out: Out): Promise<void> => {
  const progress = createProgress(process.stderr, systemClock.monotonic);
  const dataDir = folderOf(place);
  const made = await backup({
    dataDir,
    file,
    force: place.force === true,
    version: VERSION,
    now: systemClock.now(),
    onProgress: progress.update,
  });
  progress.line(
    `Everything that ${dataDir} keeps in its databases, scripts included, is in the backup.`,
  );
  out(`${made.file} (${mebibytes(made.size)})`);
};

const takeBackup = (file: string, place: Place, out: Out): void => {
  const dataDir = folderOf(place);
  const { manifest, aside } = restore({
    file,
    dataDir,
    force: place.force === true,
    now: systemClock.now(),
  });
  if (aside !== undefined) out(`What was in ${dataDir} is now in ${aside}.`);
  out(`Restored the backup of ${manifest.createdAt} to ${dataDir}. The server can be started.`);
};

/** `store copy|backup|restore`. */
export const addStore = (program: Command, out: Out): void => {
  const store = program.command("store").description("copy, back up and restore what is kept");
  store
    .command("copy")
    .description(
      "copy everything to an empty store; the same command again completes a copy that was broken off",
    )
    .requiredOption(
      "--from <address>",
      "sqlite:FOLDER or mongodb://HOST/DATABASE; no server may use it",
    )
    .requiredOption("--to <address>", "the same; an empty one, or one with a part of this copy")
    .option(
      "--force",
      "copy although a server is using the source; it may not be the same afterwards",
    )
    .action((options: { from: string; to: string; force?: true }) => copy(options, out));

  withPlace(store.command("backup <file>"))
    .description(
      "write everything that a data folder of SQLite keeps into one file, also while a server runs on it (not: the run folders with logs)",
    )
    .option("--force", "replace the file")
    .action((file: string, place: Place) => makeBackup(file, place, out));
  withPlace(store.command("restore <file>"))
    .description("put a backup into an empty data folder; no server may run on it")
    .option("--force", "put what is in the folder aside first; nothing is deleted")
    .action((file: string, place: Place) => takeBackup(file, place, out));
};
