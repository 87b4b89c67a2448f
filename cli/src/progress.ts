/** A bar on a terminal; elsewhere a line every few seconds. */
export type Progress = {
  readonly update: (what: string, done: number, total: number) => void;
  readonly line: (text: string) => void;
};

type Stream = { readonly isTTY?: boolean; readonly write: (text: string) => unknown };

const WIDTH = 24;
const BAR_MS = 100;
const LINE_MS = 5000;

const clockText = (seconds: number): string => {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (value: number): string => String(value).padStart(2, "0");
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
};

const count = (value: number): string => value.toLocaleString("en");

/** Estimates the time left from the speed so far. */
export const createProgress = (stream: Stream, monotonic: () => number): Progress => {
  let current: { what: string; since: number; from: number; shown: number } | undefined;
  let drawn = false;
  const clear = (): void => {
    if (drawn) stream.write("\r\u001B[K");
    drawn = false;
  };
  return {
    line: (text) => {
      clear();
      stream.write(`${text}\n`);
    },
    update: (what, done, total) => {
      const now = monotonic();
      const interval = stream.isTTY === true ? BAR_MS : LINE_MS;
      if (current?.what !== what) {
        current = { what, since: now, from: done, shown: Number.NEGATIVE_INFINITY };
      }
      const whole = total > 0 && done >= total;
      if (now - current.shown < interval && !(whole && stream.isTTY !== true)) return;
      current.shown = now;
      const processed = done - current.from;
      const left =
        processed > 0 && total > done
          ? ((now - current.since) / processed) * (total - done)
          : undefined;
      const share = total > 0 ? Math.min(1, done / total) : undefined;
      const eta = left === undefined ? "" : `, ${clockText(left / 1000)} left`;
      const of = total > 0 ? ` of ${count(total)}` : "";
      if (stream.isTTY !== true) {
        stream.write(`${what}: ${count(done)}${of}${eta}\n`);
        return;
      }
      const filled = Math.round((share ?? 0) * WIDTH);
      const bar =
        share === undefined ? "" : `[${"#".repeat(filled)}${"-".repeat(WIDTH - filled)}] `;
      stream.write(`\r\u001B[K${bar}${what}: ${count(done)}${of}${eta}`);
      drawn = true;
    },
  };
};
