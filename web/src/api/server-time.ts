const LEAST_MS = 2000;

/** How far the server's clock is ahead of this browser's, as far as answers tell, which name whole seconds. */
export const offsetOf = (date: string | null, now: number): number => {
  const at = Date.parse(date ?? "") + 500;
  return Number.isNaN(at) || Math.abs(at - now) < LEAST_MS ? 0 : at - now;
};

let offset = 0;

/** A `fetch` that learns the server's time from each answer. */
export const timedFetch: typeof fetch = async (input, init) => {
  const answer = await fetch(input, init);
  offset = offsetOf(answer.headers.get("date"), Date.now());
  return answer;
};

/** The server's time when this browser's clock showed `at`. */
export const serverTime = (at: number): number => at + offset;

/** The server's time in Unix ms: what runs and metrics are measured by, however this browser's clock is set. */
export const serverNow = (): number => serverTime(Date.now());
