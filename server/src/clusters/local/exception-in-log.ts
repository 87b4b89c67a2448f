/** Parts of the paths of Python, of installed packages and of the plugin. */
const NOT_THE_SCRIPT = [
  "site-packages",
  "dist-packages",
  "/lib/python",
  "load_manager_locust",
  "<",
];

/** The script's line among the lines of a traceback. */
const placeIn = (traceback: readonly string[]): string => {
  for (const line of traceback.toReversed()) {
    const [, path, number] = /^\s+File "([^"]+)", line (\d+)/.exec(line) ?? [];
    if (path !== undefined && !NOT_THE_SCRIPT.some((part) => path.includes(part))) {
      return ` (${path.split("/").at(-1)}, line ${number})`;
    }
  }
  return "";
};

/** A line of Locust's log after an exception means that the process went on, unless it says that it ends. */
const goesOn = (line: string): boolean => /^\[\d{4}-/.test(line) && !line.includes("Shutting down");

/**
 * The exception with which a process has ended, by the last lines of its log, and the line of the script:
 * `KeyError: 'SHOP_TOKEN' (locustfile.py, line 7)`.
 */
export const exceptionIn = (log: readonly string[]): string | undefined => {
  const from = log.findLastIndex((line) => line.startsWith("Traceback (most recent call last)"));
  if (from < 0) return undefined;
  const traceback = log.slice(from + 1);
  const end = traceback.findIndex((line) => !/^\s/.test(line));
  const exception = traceback[end];
  if (exception === undefined || traceback.slice(end + 1).some(goesOn)) return undefined;
  return `${exception.slice(0, 300)}${placeIn(traceback.slice(0, end))}`;
};
