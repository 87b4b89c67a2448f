import type { z } from "zod";

/** `autoStop.windowSeconds`, `tags[3]` */
export const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");

const messageFor = (issue: z.core.$ZodIssue): string => {
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined && issue.message.startsWith("Invalid input")
        ? "is required"
        : issue.message.startsWith("Invalid input")
          ? `must be ${articled(issue.expected)}`
          : issue.message;
    case "invalid_value":
      return issue.message.startsWith("Invalid")
        ? `must be one of ${issue.values.map((value) => JSON.stringify(value)).join(", ")}`
        : issue.message;
    case "too_big":
      return issue.message.startsWith("Too big")
        ? `${verb(issue)} ${issue.inclusive === false ? "less than" : "at most"} ${limit(issue, issue.maximum)}`
        : issue.message;
    case "too_small":
      return issue.message.startsWith("Too small")
        ? `${verb(issue)} ${issue.inclusive === false ? "more than" : "at least"} ${limit(issue, issue.minimum)}`
        : issue.message;
    default:
      return issue.message;
  }
};

type Bounded = { readonly origin: string };

const verb = ({ origin }: Bounded): string => (origin === "array" ? "must have" : "must be");

const UNITS: Record<string, readonly [one: string, several: string]> = {
  string: [" character long", " characters long"],
  array: [" entry", " entries"],
};
const limit = ({ origin }: Bounded, bound: number | bigint): string =>
  `${bound}${UNITS[origin]?.[Number(bound) === 1 ? 0 : 1] ?? ""}`;

const articled = (type: string): string =>
  type === "int" ? "a whole number" : /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;

/** The messages of an issue, one for each unknown key. The issue must be parsed with `reportInput`. */
export const messagesOf = (
  issue: z.core.$ZodIssue,
  unknownKey: (path: readonly PropertyKey[], key: string) => string,
): { path: readonly PropertyKey[]; message: string }[] =>
  issue.code === "unrecognized_keys"
    ? issue.keys.map((key) => ({
        path: [...issue.path, key],
        message: unknownKey(issue.path, key),
      }))
    : [{ path: issue.path, message: messageFor(issue) }];
