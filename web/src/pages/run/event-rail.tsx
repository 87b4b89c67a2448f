import type { MouseEvent, ReactNode } from "react";
import type { RunEvent } from "@load-manager/contract/model/run.ts";
import { AXIS_WIDTH } from "../../charts/time-options.ts";
import { counted } from "../../format/numbers.ts";
import { useWidth } from "../../lib/use-width.ts";
import { lettersOf } from "./event-letters.ts";
import { eventText } from "./event-text.ts";
import styles from "./event-rail.module.css";
import { groupedMarks } from "./marks.ts";
import type { RunView } from "./view.ts";

const PHASES = { ramp: "ramp", steady: "steady", shape: "the script’s shape" } as const;

/** The phases of the load and the letters of its events, above the charts and on their time axis. */
export const EventRail = ({
  view,
  events,
  onTime,
}: {
  readonly view: RunView;
  readonly events: readonly RunEvent[];
  /** A click on the rail; absent where nothing may be noted. */
  readonly onTime: ((seconds: number) => void) | undefined;
}): ReactNode => {
  const { run, range, loadStartMs, window } = view;
  const { ref, width: whole } = useWidth();
  const width = Math.max(0, whole - 2 * AXIS_WIDTH);
  const [from, to] = range;
  const x = (seconds: number): number => AXIS_WIDTH + ((seconds - from) / (to - from)) * width;
  const click = ({ currentTarget, clientX }: MouseEvent): void => {
    const place = clientX - currentTarget.getBoundingClientRect().left - AXIS_WIDTH;
    if (place >= 0 && place <= width) onTime?.(from + (place / width) * (to - from));
  };
  const at = (ms: number): number => (ms - loadStartMs) / 1000;
  const phases = (run.phases ?? []).flatMap((phase) => {
    const start = Math.max(from, at(phase.from));
    const end = Math.min(to, phase.to === undefined ? Math.max(window.to, start) : at(phase.to));
    return end > start ? [{ ...phase, start, end }] : [];
  });
  const marks = groupedMarks(
    lettersOf(events)
      .map(({ event, letter }) => ({ at: at(event.at), letter, message: eventText(event) }))
      .filter((mark) => mark.at >= from && mark.at <= to),
    (to - from) / Math.max(1, width),
  );
  return (
    <div className={styles["rail"]}>
      <div ref={ref}>
        {width > 0 && (
          <svg
            width={whole}
            height="40"
            aria-hidden
            {...(onTime === undefined ? {} : { onClick: click, className: styles["noted"] })}
          >
            {onTime !== undefined && <title>Add a note at this time</title>}
            <rect width={whole} height="40" fill="transparent" />
            <text x="0" y="12" className={styles["caption"]}>
              Phase
            </text>
            {phases.map(({ start, end, kind, targetUsers }) => (
              <g key={start}>
                <path
                  d={`M${x(start)} 4v8M${x(start)} 8H${x(end)}M${x(end)} 4v8`}
                  className={styles["phase"]}
                />
                {x(end) - x(start) > 90 && (
                  <text x={(x(start) + x(end)) / 2} y="12" className={styles["name"]}>
                    {/* One text: the edge of a second one would lie on the first. */}
                    {`${PHASES[kind]}${targetUsers === undefined ? "" : `, ${counted(targetUsers, "user")}`}`}
                  </text>
                )}
              </g>
            ))}
            <text x="0" y="32" className={styles["caption"]}>
              Events
            </text>
            {marks.map((mark) => (
              <g key={mark.letter} transform={`translate(${x(mark.at)} 28)`}>
                <title>{mark.message}</title>
                <rect x="-8" y="-8" width="16" height="16" rx="2" className={styles["pin"]} />
                <text y="4" className={styles["letter"]}>
                  {mark.count > 1 ? mark.count : mark.letter}
                </text>
              </g>
            ))}
          </svg>
        )}
      </div>
    </div>
  );
};
