import type { MetricSnapshot } from "@load-manager/contract/model/stats.ts";

/** The content of the live line; times in seconds since the start of load. `total`: absent where the run has no planned end. */
export type Progress = {
  readonly status: string;
  readonly elapsed: number;
  readonly total: number | undefined;
  readonly metrics?: MetricSnapshot | undefined;
};

export type Terminal = {
  readonly isTTY: boolean;
  readonly columns: number;
  readonly color: boolean;
  readonly write: (text: string) => void;
};

/** The terminal that the command writes to. */
export const processTerminal = (): Terminal => ({
  isTTY: process.stdout.isTTY,
  columns: process.stdout.columns,
  color: process.stdout.isTTY && (process.env["NO_COLOR"] ?? "") === "",
  write: (text) => process.stdout.write(text),
});

const BAR = 24;

export const paint = (terminal: Terminal) => {
  const wrap = (code: number) => (text: string) =>
    terminal.color ? `\u001B[${code}m${text}\u001B[0m` : text;
  return { bold: wrap(1), dim: wrap(2), green: wrap(32), red: wrap(31), cyan: wrap(36) };
};

/** Milliseconds with one decimal below 10, else whole; a dash where the value is unknown. */
export const ms = (value: number | null | undefined): string =>
  value == null ? "–" : value < 10 ? value.toFixed(1) : String(Math.round(value));

const clock = (seconds: number): string => {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
};

/** `███████░░░ 0:12/0:30  20 users  152.3 req/s  1.2 % errors  p50 24 ms  p95 81 ms` */
const progressLine = (terminal: Terminal, progress: Progress): string => {
  const { bold, dim, cyan, red } = paint(terminal);
  const { elapsed, total } = progress;
  const share = total === undefined ? 0 : Math.min(1, Math.max(0, elapsed / total));
  const full = Math.round(share * BAR);
  const bar = `${cyan("█".repeat(full))}${dim("░".repeat(BAR - full))}`;
  const time =
    total === undefined ? clock(elapsed) : `${clock(Math.min(elapsed, total))}/${clock(total)}`;
  const { metrics } = progress;
  if (metrics === undefined || metrics.totalRequests === 0) {
    return `${bar} ${time}  ${progress.status.toLowerCase()} …`;
  }
  const errors = `${(metrics.errorRate ?? 0).toFixed(1)} % errors`;
  return [
    `${bar} ${time}`,
    `${metrics.currentUsers} users`,
    bold(`${(metrics.totalRps ?? 0).toFixed(1)} req/s`),
    metrics.totalFailures !== 0 ? red(errors) : errors,
    `p50 ${ms(metrics.p50ResponseMs)} ms`,
    `p95 ${ms(metrics.p95ResponseMs)} ms`,
    ...(progress.status === "Running" ? [] : [`${progress.status.toLowerCase()} …`]),
  ].join("  ");
};

const PLAIN_EVERY_MS = 5000;

/** On a terminal one line, redrawn in place; elsewhere a line every 5 s. */
export const liveLine = (terminal: Terminal, now: () => number) => {
  let lastPlain = Number.NEGATIVE_INFINITY;
  let drawn = false;
  return {
    show: (progress: Progress): void => {
      if (terminal.isTTY) {
        terminal.write(`\r\u001B[2K${progressLine(terminal, progress)}`);
        drawn = true;
      } else if (now() - lastPlain >= PLAIN_EVERY_MS) {
        lastPlain = now();
        terminal.write(`${progressLine(terminal, progress)}\n`);
      }
    },
    /** Keeps the last line on the screen. */
    done: (): void => {
      if (drawn) terminal.write("\n");
      drawn = false;
    },
  };
};

type Row = readonly [string, ...string[]];

/** The first column is aligned left, the others right. */
export const table = (terminal: Terminal, head: Row, rows: readonly Row[]): string => {
  const { bold, dim } = paint(terminal);
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: Row): string =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ");
  const rule = dim("─".repeat(widths.reduce((sum, width) => sum + width + 2, -2)));
  return [bold(line(head)), rule, ...rows.map(line)].join("\n");
};
