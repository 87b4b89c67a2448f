import { z } from "zod";
import { HIDDEN } from "./hidden-values.ts";

/** A value of an option of a script, as a request gives it. */
export const OptionValue = z.union(
  [z.string(), z.number(), z.boolean(), z.array(z.string()).max(100)],
  { error: "must be a text, a number, true, false, or a list of texts" },
);
export type OptionValue = z.output<typeof OptionValue>;

/** As stored: a secret value, and one of which that is not known, is kept apart, since answers do not show it. */
type StoredOptions = Readonly<Record<string, unknown>>;

export const asSecret = <Value>(value: Value) => ({ secret: value });

const isPlain = (stored: unknown): stored is OptionValue => OptionValue.safeParse(stored).success;

/** The value itself; of a migrated load test whatever that has. */
const optionValueOf = (stored: unknown): unknown =>
  typeof stored === "object" && stored !== null && "secret" in stored ? stored.secret : stored;

export const optionValuesOf = (stored: StoredOptions): Record<string, unknown> =>
  Object.fromEntries(Object.entries(stored).map(([name, value]) => [name, optionValueOf(value)]));

/** The names of the options whose values answers do not show. */
export const hiddenOptionsOf = (stored: StoredOptions): string[] =>
  Object.keys(stored).filter((name) => !isPlain(stored[name]));

/** The texts of the values that are shown nowhere. */
export const hiddenTextsOf = (stored: StoredOptions = {}): string[] =>
  hiddenOptionsOf(stored).flatMap((name) => [optionValueOf(stored[name])].flat().map(String));

/** The option values of an answer: `***` for each that is hidden. */
export const ShownOptions = z.codec(
  z.record(z.string(), OptionValue),
  z.record(z.string(), z.json()),
  {
    decode: (values) => values,
    encode: (stored) =>
      Object.fromEntries(
        Object.entries(stored).map(([name, value]) => [name, isPlain(value) ? value : HIDDEN]),
      ),
  },
);

/** A fault of an option, or without `name` of all of them together; the message follows the name of the field. */
type Fault = { readonly name?: string; readonly message: string };

const NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,127}$/;
const MOST = 100;
/** The processes of a local run get all of them in one environment variable, of at most 128 KiB. */
const LONGEST_OF_ALL = 32_768;

/** Names and flags of options that every supported Locust has, so that no script can add them. */
const LOCUST_OPTIONS: ReadonlySet<string> = new Set([
  "autoquit",
  "autostart",
  "class_picker",
  "config",
  "csv",
  "csv_full_history",
  "csv_prefix",
  "enable_rebalancing",
  "equal_weights",
  "exclude_tags",
  "exit_code_on_error",
  "expect_slaves",
  "expect_workers",
  "expect_workers_max_wait",
  "headful",
  "headless",
  "help",
  "host",
  "html",
  "html_file",
  "list",
  "list_commands",
  "locustfile",
  "logfile",
  "loglevel",
  "master",
  "master_bind_host",
  "master_bind_port",
  "master_host",
  "master_port",
  "num_users",
  "only_summary",
  "print_stats",
  "reset_stats",
  "run_time",
  "show_task_ratio",
  "show_task_ratio_json",
  "skip_log_setup",
  "slave",
  "spawn_rate",
  "stats_history_enabled",
  "stop_timeout",
  "tags",
  "tls_cert",
  "tls_key",
  "user_classes",
  "users",
  "version",
  "web_auth",
  "web_host",
  "web_port",
  "worker",
]);

export const IS_LOCUSTS = "is an option of Locust, which the run itself decides; leave it out";

/** What is wrong with the options of a run, whatever its script. */
export const optionFaults = (values: Readonly<Record<string, unknown>>): Fault[] => {
  const names = Object.keys(values);
  if (names.length > MOST) return [{ message: `must have at most ${MOST} options` }];
  if (JSON.stringify(values).length > LONGEST_OF_ALL) {
    return [
      { message: `must be at most ${LONGEST_OF_ALL} characters long, names and values together` },
    ];
  }
  return names.flatMap((name) => {
    if (!NAME.test(name)) {
      return [
        { name, message: "is no name of an option: letters, digits, _, - and . after a letter" },
      ];
    }
    return LOCUST_OPTIONS.has(name.replaceAll("-", "_")) ? [{ name, message: IS_LOCUSTS }] : [];
  });
};
