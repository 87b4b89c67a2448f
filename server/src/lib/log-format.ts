import { styleText } from "node:util";

type Style = Parameters<typeof styleText>[0];
const LEVELS: Readonly<Record<number, readonly [name: string, style: Style]>> = {
  10: ["TRACE", "gray"],
  20: ["DEBUG", "gray"],
  30: ["INFO ", "green"],
  40: ["WARN ", "yellow"],
  50: ["ERROR", "red"],
  60: ["FATAL", "red"],
};

/** Paints where standard error is a terminal with colours (and NO_COLOR is not set). */
const paint = (style: Style, text: string): string =>
  styleText(style, text, { stream: process.stderr });

/** The local time of day. */
const timeOf = (unixMs: number): string => {
  const time = new Date(unixMs);
  return `${time.toTimeString().slice(0, 8)}.${String(time.getMilliseconds()).padStart(3, "0")}`;
};

/** Without control characters, by which a text from elsewhere could write over the lines of a terminal. */
const printable = (text: unknown): string => String(text).replaceAll(/[^\P{Cc}\n]/gu, " ");

/** JSON writes most control characters as escapes, but not DEL and those of C1. */
const shown = (value: unknown): string =>
  typeof value === "string" && /^[\w.:/@+-]+$/.test(value)
    ? value
    : printable(JSON.stringify(value));

/**
 * A line of pino's JSON for people: time, level, event, message, the other fields, and the stack of an error below.
 * Anything else is returned as it is.
 */
export const readableLine = (line: string): string => {
  if (!line.startsWith("{")) return line;
  const { level, time, event, msg, err, pid: _pid, hostname: _host, ...fields } = JSON.parse(line);
  const [name, style] = LEVELS[level] ?? [String(level), "gray"];
  const rest = Object.entries(fields).map(([key, value]) => `${printable(key)}=${shown(value)}`);
  const head = [paint("gray", timeOf(time)), paint(style, name), paint("bold", printable(event))];
  const parts = [
    ...head,
    printable(msg ?? ""),
    ...(rest.length === 0 ? [] : [paint("gray", rest.join(" "))]),
  ];
  const stack = err === undefined ? "" : `\n${printable(err.stack ?? shown(err))}`;
  return `${parts.join("  ")}${stack}\n`;
};
