import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { loadConfig } from "@load-manager/server/config/load-config.ts";
import { systemClock } from "@load-manager/server/lib/clock.ts";
import { didYouMean } from "@load-manager/server/lib/did-you-mean.ts";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import { uuidV7 } from "@load-manager/server/lib/ids.ts";
import { type DryCollection, dryRun } from "@load-manager/legacy-import/dry-run.ts";
import { parseMapping } from "@load-manager/legacy-import/transform/mapping.ts";
import type { MigrateDeps } from "@load-manager/legacy-import/state/deps.ts";
import { migrate, type MigrateInput } from "@load-manager/legacy-import/migrate.ts";
import { withDatabase } from "@load-manager/legacy-import/open.ts";
import { cleanup, removable, rollback } from "@load-manager/legacy-import/swap/rollback.ts";
import { verifyMigrated } from "@load-manager/legacy-import/verify/verify-migrated.ts";
import type { Command } from "commander";
import { CONFIG_HELP } from "./config.ts";
import { printDry, printReport, printVerifications } from "./migrate-print.ts";
import { createProgress } from "./progress.ts";

type Place = {
  readonly config?: string;
  readonly uri?: string;
  readonly database?: string;
};
type Options = Place & {
  readonly mapping?: string;
  readonly dryRun?: true;
  readonly verify?: true;
  readonly keepActive?: true;
  readonly report?: string;
  readonly samples?: string;
};

const withPlace = (command: Command): Command =>
  command
    .option("--config <file>", `${CONFIG_HELP}; its mongodb is used`)
    .option("--uri <address>", "the MongoDB server, instead of mongodb.uri")
    .option("--database <name>", "the database, instead of mongodb.database");

const placeOf = ({ config: file, uri, database }: Place): { uri: string; database: string } => {
  if (uri !== undefined) return { uri, database: database ?? "load_manager" };
  const { mongodb } = loadConfig({ config: file }).config;
  if (mongodb.uri !== undefined) {
    return { uri: mongodb.uri, database: database ?? mongodb.database };
  }
  throw new AppError(
    "validation",
    "Name the MongoDB server: mongodb.uri in the configuration, LOAD_MANAGER_MONGODB_URI, or --uri mongodb://….",
  );
};

/** Two machines may have the same name; a boot id is unique. */
const hostName = (): string => {
  try {
    return `${hostname()} ${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}`;
  } catch {
    return hostname();
  }
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
};

const depsOf = (db: MigrateDeps["db"]): MigrateDeps => {
  const progress = createProgress(process.stderr, systemClock.monotonic);
  return {
    db,
    clock: systemClock,
    ids: uuidV7,
    lock: {
      self: { owner: randomUUID(), host: hostName(), pid: process.pid },
      sleep: (ms) => sleep(ms),
      isAlive,
    },
    say: progress.line,
    onProgress: progress.update,
  };
};

const inputOf = ({ mapping, keepActive }: Options): MigrateInput => {
  if (mapping === undefined) {
    throw new AppError(
      "validation",
      "Name a file that maps tenants to scopes: --mapping mapping.yaml (docs/migration.md has an example).",
    );
  }
  let text: string;
  try {
    text = readFileSync(mapping, "utf8");
  } catch (error) {
    throw new AppError("validation", `${mapping} cannot be read: ${messageOf(error)}`);
  }
  return {
    mapping: parseMapping(text, mapping),
    mappingFile: mapping,
    keepActive: keepActive === true,
  };
};

const save = (file: string, report: unknown): void => {
  try {
    writeFileSync(file, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (error) {
    throw new AppError("validation", `${file} cannot be written: ${messageOf(error)}`);
  }
};

/** `<folder>/<collection>-1-before.json` and `-after.json`. */
const saveSamples = (
  folder: string,
  found: readonly DryCollection[],
  out: (line: string) => void,
): void => {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new AppError("validation", `${folder} cannot be made: ${messageOf(error)}`);
  }
  for (const { collection, samples } of found) {
    for (const [index, { before, after }] of samples.entries()) {
      const name = join(folder, `${collection}-${index + 1}`);
      save(`${name}-before.json`, before);
      save(`${name}-after.json`, after);
    }
  }
  out(`Whole samples: ${folder}`);
};

/** A database that is not there may be a mistyped name: MongoDB makes it when it is first used. */
const warnOfName = async (db: MigrateDeps["db"]): Promise<void> => {
  const collections = await db.listCollections().toArray();
  if (collections.length > 0) return;
  const names = await databaseNames(db);
  const known = names.length === 0 ? "" : ` The server has ${names.join(", ")}.`;
  process.stderr.write(
    `Warning: there is no database ${db.databaseName}${didYouMean(db.databaseName, names)}.${known}\n`,
  );
};

/** Empty where the user may not list them. */
const databaseNames = async (db: MigrateDeps["db"]): Promise<string[]> => {
  try {
    const { databases } = await db.admin().listDatabases({ nameOnly: true });
    return databases
      .map(({ name }) => name)
      .filter((name) => !["admin", "config", "local"].includes(name));
  } catch {
    return [];
  }
};

/** `migrate`, `migrate rollback`, `migrate cleanup`. */
export const addMigrate = (command: Command, out: (line: string) => void): void => {
  withPlace(command)
    // Options after a subcommand's name belong to the subcommand.
    .enablePositionalOptions()
    .option("--mapping <file>", "file that maps tenants to scopes")
    .option("--dry-run", "show what would change; change nothing")
    .option("--samples <folder>", "with --dry-run: folder for the whole samples, as files")
    .option("--verify", "verify a migrated database; change nothing")
    .option("--keep-active", "leave active runs as they are")
    .option("--report <file>", "file for the report (default: migration-<time>.json)")
    .action(async (options: Options) => {
      const place = placeOf(options);
      const input = inputOf(options);
      await withDatabase(place, async (db) => {
        const deps = depsOf(db);
        if (options.dryRun === true) {
          const found = await dryRun(deps, input);
          printDry(out, place.database, found);
          if (found.length === 0) await warnOfName(db);
          if (options.samples !== undefined) saveSamples(options.samples, found, out);
          if (options.report !== undefined) save(options.report, { dryRun: found });
          return;
        }
        if (options.verify === true) {
          const verifications = await verifyMigrated(deps, input);
          if (options.report !== undefined) save(options.report, { verified: verifications });
          if (!printVerifications(out, verifications)) process.exitCode = 1;
          return;
        }
        const report = await migrate(deps, input);
        if (report === undefined) {
          out(`Nothing to do: the database ${place.database} holds no data of the older schema.`);
          await warnOfName(db);
          return;
        }
        const file =
          options.report ?? `migration-${report.startedAt.slice(0, 19).replaceAll(/\D/g, "")}.json`;
        printReport(out, report, file);
        save(file, report);
      });
    });

  withPlace(command.command("rollback"))
    .description("restore the older data; newer data are kept under other names")
    .action(async (options: Place) => {
      await withDatabase(placeOf(options), async (db) => {
        for (const line of await rollback(depsOf(db))) out(line);
      });
    });

  withPlace(command.command("cleanup"))
    .description("remove the backups of a finished migration")
    .option("--yes", "remove them; without it the command only lists them")
    .action(async (options: Place & { yes?: true }) => {
      await withDatabase(placeOf(options), async (db) => {
        const { remove, keep } = await removable(db);
        if (remove.length === 0) out("There are no backups.");
        else if (options.yes === true) {
          for (const name of await cleanup(depsOf(db))) out(`Removed ${name}.`);
        } else {
          const hasBackup = remove.some((name) => /__backup_/.test(name));
          const loss = hasBackup ? "; a rollback is then impossible" : "";
          out(`This would remove ${remove.join(", ")}${loss}. Add --yes to remove them.`);
        }
        if (keep.length > 0) {
          out(`Documents that were not understood stay in ${keep.join(", ")}.`);
        }
      });
    });
};
