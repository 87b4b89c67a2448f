import type { ReactNode } from "react";
import { moment, utc } from "../format/times.ts";

/** A moment in local time, with UTC on hover. */
export const TimeText = ({
  ms,
  hasSeconds = false,
}: {
  readonly ms: number;
  readonly hasSeconds?: boolean;
}): ReactNode => (
  <time dateTime={new Date(ms).toISOString()} title={utc(ms)}>
    {moment(ms, { hasSeconds })}
  </time>
);
