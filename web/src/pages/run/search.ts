/** What the address of a run's page may say: the window, in ms since the load started, or a preset of it; the endpoints; another run. */
export type RunSearch = {
  readonly window?: "ramp" | "steady" | "last5m" | "last60s";
  readonly from?: number;
  readonly to?: number;
  readonly endpoint?: readonly string[];
  readonly overlay?: string;
  /** The id of the criterion whose chart is shown. */
  readonly criterion?: string;
};

const WINDOWS = ["ramp", "steady", "last5m", "last60s"] as const;
/** Ten years: later moments are no dates any more. */
const MOST_MS = 10 * 365 * 86_400_000;
const isTime = (value: unknown): value is number =>
  typeof value === "number" && value >= 0 && value <= MOST_MS;

export const runSearchOf = (search: Readonly<Record<string, unknown>>): RunSearch => {
  const { window, from, to, endpoint, overlay, criterion } = search;
  const preset = WINDOWS.find((name) => name === window);
  const names = [endpoint].flat().filter((name) => typeof name === "string");
  return {
    ...(preset === undefined ? {} : { window: preset }),
    ...(isTime(from) && isTime(to) && from < to ? { from, to } : {}),
    ...(names.length === 0 ? {} : { endpoint: names }),
    ...(typeof overlay === "string" ? { overlay } : {}),
    ...(typeof criterion === "string" ? { criterion } : {}),
  };
};
