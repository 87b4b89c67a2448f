import { loadConfig, type Flags } from "@load-manager/server/config/load-config.ts";
import { configJsonSchema } from "@load-manager/server/config/json-schema.ts";
import { systemClock } from "@load-manager/server/lib/clock.ts";
import { unreachable } from "@load-manager/server/clusters/check-reachability.ts";
import type { Command } from "commander";

type Out = (line: string) => void;

/** The help of every `--config`. */
export const CONFIG_HELP =
  "configuration file (default: $LOAD_MANAGER_CONFIG, else load-manager.yaml, if there is one)";

/** Tokens had no roles once, and could do everything of their scope. */
const withoutRole = (
  settings: readonly { readonly path: string; readonly origin: string }[],
): string[] =>
  settings.flatMap(({ path, origin }) => {
    const token = /^(security\.apiTokens\[\d+\])\.role$/.exec(path)?.[1];
    return token === undefined || origin !== "default"
      ? []
      : [`${token} has no role, so it is an admin of its scope; give it viewer, runner or editor.`];
  });

/** `config check|print|schema`; `withServerFlags` adds the flags of `serve`. */
export const addConfig = (
  program: Command,
  withServerFlags: (command: Command) => Command,
  out: Out,
): void => {
  const config = program.command("config").description("check and show the configuration");
  withServerFlags(
    config
      .command("check")
      .description("check the configuration and the reachability of its clusters"),
  ).action(async (flags: Flags) => {
    const { config: loaded, file, warnings, settings } = loadConfig(flags);
    for (const warning of [
      ...warnings,
      ...withoutRole(settings),
      ...(await unreachable(loaded.locustClusters, systemClock)),
    ]) {
      out(`Warning: ${warning}`);
    }
    out(`${file ?? "Defaults, without a file"}: the configuration is valid.`);
  });
  withServerFlags(config.command("print").description("show every setting in force"))
    .option("--origin", "show the origin of each setting too")
    .action((flags: Flags & { origin?: boolean }) => {
      for (const { path, value, origin } of loadConfig(flags).settings) {
        const shown = value === undefined ? "(not set)" : JSON.stringify(value);
        out(`${path}: ${shown}${flags.origin === true ? `  # ${origin}` : ""}`);
      }
    });
  config
    .command("schema")
    .description("print the JSON Schema of load-manager.yaml, for editors")
    .action(() => out(JSON.stringify(configJsonSchema(), undefined, 2)));
};
