import { ScriptOptions } from "@load-manager/contract/api/settings.ts";
import { fieldOf, messagesOf } from "@load-manager/contract/api/zod-messages.ts";
import type { ScriptProblem } from "@load-manager/contract/api/script.ts";
import type { ScriptOption } from "@load-manager/contract/model/script-outline.ts";
import {
  asSecret,
  IS_LOCUSTS,
  type OptionValue,
  optionValuesOf,
} from "@load-manager/contract/model/script-options.ts";
import { didYouMean } from "./did-you-mean.ts";
import { refused } from "./errors.ts";

/** What is known of the options of a script. */
export type KnownOptions = {
  readonly options: readonly ScriptOption[];
  /** Names and flags of Locust's own, with `_` between words. */
  readonly locustOptions: readonly string[];
};

type Values = Readonly<Record<string, OptionValue>>;

/**
 * The options of a run: its own, and those of the load test. Throws AppError validation for what no run may have; a migrated
 * load test may have some.
 */
export const optionsOfRun = (
  own: Readonly<Record<string, unknown>> | undefined,
  ofLoadTest: Readonly<Record<string, unknown>> | undefined,
): Values | undefined => {
  const all = optionValuesOf({ ...ofLoadTest, ...own });
  if (Object.keys(all).length === 0) return undefined;
  const result = ScriptOptions.safeParse(all, { reportInput: true });
  if (result.success) return result.data;
  throw refused(
    result.error.issues
      .flatMap((issue) => messagesOf(issue, () => "is not a known field"))
      .map(({ path, message }) => ({ field: fieldOf(["scriptOptions", ...path]), message })),
  );
};

/**
 * Throws AppError validation that names each option which the script does not have, whose value it does not take, or which it
 * needs. `problems`: what the script raised while it added its options.
 */
export const assertOptions = (
  values: Values,
  known: KnownOptions,
  problems: readonly ScriptProblem[] = [],
): void => {
  const faults = Object.entries(values).flatMap(([name, value]) => {
    const option = known.options.find((one) => one.name === name);
    const message =
      option === undefined ? unknown(name, known, problems) : valueFault(value, option);
    return message === undefined ? [] : [{ field: `scriptOptions.${name}`, message }];
  });
  const missing = known.options
    .filter(({ name, required }) => required && !Object.hasOwn(values, name))
    .map(({ name }) => ({ field: `scriptOptions.${name}`, message: "is required by the script" }));
  if (faults.length + missing.length > 0) throw refused([...faults, ...missing]);
};

const unknown = (
  name: string,
  { options, locustOptions }: KnownOptions,
  problems: readonly ScriptProblem[],
): string => {
  if (locustOptions.includes(name.replaceAll("-", "_"))) return IS_LOCUSTS;
  const names = options.map((option) => option.name).toSorted();
  const has = names.length === 0 ? "it adds none" : `it adds ${names.join(", ")}`;
  const failed = problems.map((one) => `; adding its options failed: ${placed(one)}`).join("");
  return `is no option that the script adds${didYouMean(name, names)}; ${has}${failed}`;
};

/** `TypeError: no (locustfile.py, line 7)` */
const placed = ({ message, file, line }: ScriptProblem): string =>
  `${message} (${file}${line === undefined ? "" : `, line ${line}`})`;

/** Never has the value: it may be secret. */
const valueFault = (value: OptionValue, option: ScriptOption): string | undefined => {
  if (Array.isArray(value)) {
    if (option.multiple !== true) return "must be one value, not a list";
    return value.map((one) => oneFault(one, option)).find((fault) => fault !== undefined);
  }
  return option.multiple === true ? "must be a list" : oneFault(value, option);
};

const isNumber = (value: OptionValue): boolean =>
  typeof value === "number" ||
  (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value)));

const oneFault = (
  value: string | number | boolean,
  { type, whole, choices = [] }: ScriptOption,
): string | undefined => {
  switch (type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "number":
      if (!isNumber(value)) return "must be a number";
      return whole === true && !Number.isInteger(Number(value))
        ? "must be a whole number"
        : undefined;
    case "choice":
      return choices.includes(String(value))
        ? undefined
        : `must be one of ${choices.join(", ")}${typeof value === "string" ? nearest(value, choices) : ""}`;
    case "text":
      // A function of the script's may read true and false.
      return undefined;
  }
};

const nearest = (value: string, choices: readonly string[]): string => didYouMean(value, choices);

/** As stored: values are shown only where the script is known not to call them secret. */
export const withSecretsMarked = (values: Values, known: KnownOptions | undefined) =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const option = known?.options.find((one) => one.name === name);
      return [name, option?.secret === false ? value : asSecret(value)];
    }),
  );
