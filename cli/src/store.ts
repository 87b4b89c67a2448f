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
import { CONFIG_HELP } from "./config.ts";
import { createProgress } from "./progress.ts";

type Out = (line: string) => void;

/** Aligns the columns. */
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

const printComparisons = (out: Out, { comparisons }: Copied): void => {
  const rows = comparisons.map(({ kind, source, target }) => [
    kind,
    source.count.toLocaleString("en"),
    source.checksum,
    target.count.toLocaleString("en"),
    target.checksum,
    source.count === target.count && source.checksum === target.checksum ? "same" : "DIFFERENT",
  ]);
  const head = ["kind", "source", "checksum", "copy", "checksum", ""];
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
  if (given.force === true && from.kind === "sqlite") {
    throw new AppError(
      "validation",
      "--force is for a MongoDB source: a data folder has one user at a time. Where its server must go on, write a backup (load-manager store backup FILE), restore it into another folder (load-manager store restore FILE --data-dir FOLDER), and copy that one.",
    );
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
        totalsOf: denormalizedTotalsOfRecord,
        sleep: (ms) => sleep(ms),
        say: progress.line,
        onProgress: progress.update,
      });
      progress.line(`From ${from.shown} to ${to.shown}:`);
      printComparisons(out, copied);
      if (!copied.same) {
        process.exitCode = 1;
        out(
          `The copy differs: was a program using ${from.shown}? Servers do not start on ${to.shown}. Run the command again once the source is not in use.`,
        );
        return;
      }
      out("The copy is complete and equal. Start servers on the copy only.");
      if (copied.waiting > 0) {
        out(
          `${copied.waiting} runs are waiting in both stores now: a server on each would run them twice.`,
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
    .option("--data-dir <folder>", "data folder (default: store.dataDir)")
    .option("--config <file>", CONFIG_HELP);

const folderOf = ({ config: file, dataDir }: Place): string => {
  if (dataDir !== undefined) return dataDir;
  const { store } = loadConfig({ config: file }).config;
  if (store.kind === "sqlite") return store.dataDir;
  throw new AppError(
    "validation",
    `The store of this configuration is ${store.kind}; this command backs up SQLite. For MongoDB use mongodump (docs/mongodb.md). --data-dir names a data folder.`,
  );
};

const mebibytes = (bytes: number): string => `${(bytes / (1 << 20)).toFixed(1)} MiB`;

const writeBackup = async (file: string, place: Place, out: Out): Promise<void> => {
  const progress = createProgress(process.stderr, systemClock.monotonic);
  const dataDir = folderOf(place);
  const written = await backup({
    dataDir,
    file,
    force: place.force === true,
    version: VERSION,
    now: systemClock.now(),
    onProgress: progress.update,
  });
  progress.line(`The backup has everything in the databases of ${dataDir}, including scripts.`);
  out(`${written.file} (${mebibytes(written.size)})`);
};

const restoreBackup = (file: string, place: Place, out: Out): void => {
  const dataDir = folderOf(place);
  const { manifest, aside } = restore({
    file,
    dataDir,
    force: place.force === true,
    now: systemClock.now(),
  });
  if (aside !== undefined) out(`The previous content of ${dataDir} is now in ${aside}.`);
  out(`Restored the backup of ${manifest.createdAt} to ${dataDir}. The server can be started.`);
};

/** `store copy|backup|restore`. */
export const addStore = (program: Command, out: Out): void => {
  const store = program.command("store").description("copy, back up and restore the store");
  store
    .command("copy")
    .description(
      "copy everything to an empty store; run the command again to complete an interrupted copy",
    )
    .requiredOption(
      "--from <address>",
      "sqlite:FOLDER or mongodb://HOST/DATABASE; no server may use it",
    )
    .requiredOption(
      "--to <address>",
      "an address of the same form; empty, or with a part of this copy",
    )
    .option("--force", "copy although a server uses the MongoDB source; the copy may differ")
    .action((options: { from: string; to: string; force?: true }) => copy(options, out));

  withPlace(store.command("backup <file>"))
    .description(
      "write a SQLite data folder into one file, also while a server uses it (without the run folders and their logs)",
    )
    .option("--force", "replace the file")
    .action((file: string, place: Place) => writeBackup(file, place, out));
  withPlace(store.command("restore <file>"))
    .description("restore a backup into an empty data folder; no server may use it")
    .option("--force", "move the content of the folder aside first; nothing is deleted")
    .action((file: string, place: Place) => restoreBackup(file, place, out));
};
