import { loadConfig, type Flags } from "@load-manager/server/config/load-config.ts";
import { EXIT_CODES } from "@load-manager/contract/model/exit-codes.ts";
import { AppError } from "@load-manager/server/lib/errors.ts";
import { serve } from "@load-manager/server/main.ts";
import { VERSION } from "@load-manager/server/version.ts";
import { Command, InvalidArgumentError } from "commander";
import { addConfig, CONFIG_HELP } from "./config.ts";
import { openDemo } from "./demo/open-demo.ts";
import { endWithLauncher } from "./launcher.ts";

const out = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const wholeFrom =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
    }
    return value;
  };
const above0 = (text: string): number => {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new InvalidArgumentError("It must be a number above 0.");
  return value;
};

const addOthers = async (program: Command): Promise<void> => {
  const [
    { addMigrate },
    { addMigrateConfig },
    { addStore },
    { addTests },
    { addRuns },
    { addRun },
    { addLogin },
    { addCriteria },
    { addCompletion },
    { addApply },
  ] = await Promise.all([
    import("./migrate.ts"),
    import("./migrate-config.ts"),
    import("./store.ts"),
    import("./tests/tests.ts"),
    import("./runs/runs.ts"),
    import("./runs/run.ts"),
    import("./login.ts"),
    import("./criteria/criteria.ts"),
    import("./completion/completion.ts"),
    import("./apply/apply.ts"),
  ]);
  addRun(program);
  addRuns(program, out);
  const migrate = program
    .command("migrate")
    .description("migrate data and configuration of older versions");
  addMigrate(migrate, out);
  addMigrateConfig(migrate);
  addStore(program, out);
  addTests(program, out);
  addLogin(program, out);
  addCriteria(program, out);
  addCompletion(program, out);
  addApply(program, out);
};

const withServerFlags = (command: Command): Command =>
  command
    .option("--config <file>", CONFIG_HELP)
    .option("--host <address>", "address to listen on")
    .option("--port <number>", "port to listen on; 0 is any free port")
    .option("--data-dir <folder>", "data folder")
    .option("--log-level <level>", "trace, debug, info (default), warn, error, fatal or silent");

const program = new Command("load-manager")
  .description("The open control plane for Locust load tests.")
  .showHelpAfterError("Run load-manager --help for the commands.")
  .version(VERSION, "-V, --version")
  // migrate and its subcommands share options: those after a subcommand's name belong to the subcommand.
  .enablePositionalOptions();

withServerFlags(program.command("serve").description("run the server")).action((flags: Flags) =>
  serve(loadConfig(flags), out, openDemo),
);

program
  .command("demo")
  .description("run a real load test against a small shop on this machine")
  .option("--users <number>", "simulated users", wholeFrom(1, 10_000), 20)
  .option("--spawn-rate <number>", "users started per second", above0, 5)
  .option("--duration <seconds>", "duration, including the ramp-up", wholeFrom(1, 3600), 30)
  .option("--port <number>", "port of the server; 0 is any free port")
  .option("--data-dir <folder>", "data folder")
  .option("--exit", "exit when the run has ended (default without a terminal)")
  .action(async (options) => {
    const { demo } = await import("./demo/demo.ts");
    await demo(options);
  });

addConfig(program, withServerFlags, out);

// A server starts sooner without the code of the other commands.
const isServer = ["serve", "demo"].includes(process.argv[2] ?? "");
if (!isServer) await addOthers(program);

// `load-manager config print | head` is no error. A server goes on without a reader of its output.
program.hook("preAction", (_program, command) => {
  if (command.name() === "serve") return;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    process.exit(error.code === "EPIPE" ? 0 : 1);
  });
});

program
  .command("version")
  .description("print the version")
  .action(() => out(VERSION));

endWithLauncher();
try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode ??= EXIT_CODES.usage;
}
