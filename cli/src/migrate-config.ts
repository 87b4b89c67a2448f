import { readFileSync } from "node:fs";
import { AppError, messageOf } from "@load-manager/server/lib/errors.ts";
import { migrateConfig } from "@load-manager/legacy-import/config-file.ts";
import { parseMapping } from "@load-manager/legacy-import/transform/mapping.ts";
import type { Command } from "commander";

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new AppError("validation", `${file} cannot be read: ${messageOf(error)}`);
  }
};

/** `migrate config`: today's YAML to stdout, notes for a person to stderr. */
export const addMigrateConfig = (migrate: Command): void => {
  migrate
    .command("config <file>")
    .description("print an older configuration in today's form; comments stay")
    .requiredOption("--mapping <file>", "file that maps tenants to scopes (docs/configuration.md)")
    .action((file: string, { mapping }: { mapping: string }) => {
      const migrated = migrateConfig(read(file), file, parseMapping(read(mapping), mapping));
      process.stdout.write(migrated.yaml);
      for (const line of [...migrated.notes, ...migrated.faults]) process.stderr.write(`${line}\n`);
      if (migrated.faults.length > 0) process.exitCode = 1;
    });
};
