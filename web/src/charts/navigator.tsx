import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from "react";
import { duration, sinceStart } from "../format/times.ts";
import { useWidth } from "../lib/use-width.ts";
import styles from "./navigator.module.css";
import {
  movedWindow,
  type Part,
  secondsOfKey,
  type Span,
  spannedWindow,
} from "./navigator-window.ts";
import { timeTicks } from "./scales.ts";
import { AXIS_WIDTH } from "./time-options.ts";

const [HEIGHT, LABELS] = [36, 18];
const GRIP = { width: 8, height: 16 };
/** A shorter move of the pointer is a click. */
const LEAST_PIXELS = 4;

type Values = readonly (number | null)[];
type NavigatorProps = {
  /** Of the whole run: the start of each point in seconds since load start, and its requests per second. */
  readonly times: readonly number[];
  readonly values: Values;
  /** The end of the whole run, or where it will be. */
  readonly end: number;
  readonly window: Span;
  readonly gaps: readonly { readonly from: number; readonly to: number }[];
  readonly marks: readonly { readonly at: number; readonly letter: string }[];
  /** `undefined`: the whole run. */
  readonly onWindow: (window: Span | undefined) => void;
};

type X = (seconds: number) => number;

/** One closed area for each stretch without a gap. */
const areaOf = (times: readonly number[], values: Values, x: X): string => {
  const most = Math.max(1, ...values.map((value) => value ?? 0));
  const y = (value: number): number => HEIGHT - 2 - (value / most) * (HEIGHT - 6);
  let path = "";
  let last: number | undefined;
  for (const [index, at] of times.entries()) {
    const value = values[index];
    if (value == null) {
      if (last !== undefined) path += `V${HEIGHT}Z`;
      last = undefined;
      continue;
    }
    path += last === undefined ? `M${x(at)} ${HEIGHT}` : "";
    path += `L${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    last = at;
  }
  return last === undefined ? path : `${path}V${HEIGHT}Z`;
};

const NAMES: Readonly<Record<Part, string>> = {
  from: "Start of the window",
  to: "End of the window",
  middle: "Window",
};

const valueText = (part: Part, [from, to]: Span): string =>
  part === "middle"
    ? `${sinceStart(from)} to ${sinceStart(to)}, ${duration((to - from) * 1000)}`
    : sinceStart(part === "from" ? from : to);

/** What is being moved: from where, and the window as it was and as it would be. */
type Move = {
  readonly part: Part | "new";
  /** Where the pointer took hold of it, in pixels; `undefined` where keys move it. */
  readonly began: number | undefined;
  readonly before: Span;
  readonly now: Span;
};

/** Moves the window with the pointer or with keys, and tells the new one when the pointer or the key is let go. */
const useMoves = (
  { window, end, onWindow }: NavigatorProps,
  secondsAt: (clientX: number) => number,
) => {
  const [move, setMove] = useState<Move | undefined>();
  const apply = (): void => {
    if (move === undefined) return;
    setMove(undefined);
    const [from, to] = move.now;
    if (from === move.before[0] && to === move.before[1]) return;
    onWindow(from <= 0 && to >= end ? undefined : move.now);
  };
  return {
    shown: move?.now ?? window,
    apply,
    // A pointer that takes hold of another part takes the focus away too; its own move goes on.
    applyKeys: (): void => {
      if (move !== undefined && move.began === undefined) apply();
    },
    cancel: (): void => setMove(undefined),
    take: (event: PointerEvent<SVGSVGElement>): void => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      const held = (event.target as Element).closest<SVGElement>("[data-part]")?.dataset["part"];
      const part = (held as Part | undefined) ?? "new";
      setMove({ part, began: event.clientX, before: window, now: window });
    },
    drag: (event: PointerEvent<SVGSVGElement>): void => {
      if (move?.began === undefined) return;
      const { part, began, before } = move;
      const isClick = Math.abs(event.clientX - began) < LEAST_PIXELS;
      const [first, last] = [secondsAt(began), secondsAt(event.clientX)];
      const moved =
        part === "new"
          ? spannedWindow(first, last, end)
          : movedWindow(part, before, last - first, end);
      setMove({ ...move, now: isClick ? before : moved });
    },
    press: (part: Part, event: KeyboardEvent): void => {
      const by = secondsOfKey(event.key, end);
      if (by === undefined) return;
      event.preventDefault();
      const { before, now } = move ?? { before: window, now: window };
      setMove({ part, began: undefined, before, now: movedWindow(part, now, by, end) });
    },
  };
};

const Picture = ({
  props: { times, values, end, gaps, marks },
  x,
}: {
  readonly props: NavigatorProps;
  readonly x: X;
}): ReactNode => (
  <g aria-hidden>
    <defs>
      <pattern id="navigator-gap" width="6" height="6" patternUnits="userSpaceOnUse">
        <path d="M0 6L6 0" className={styles["hatch"]} />
      </pattern>
    </defs>
    <rect x={x(0)} width={x(end) - x(0)} height={HEIGHT} className={styles["track"]} />
    <path d={areaOf(times, values, x)} className={styles["area"]} />
    {gaps.map(({ from, to }) => (
      <rect
        key={from}
        x={x(Math.max(0, from))}
        width={Math.max(1, x(Math.min(to, end)) - x(Math.max(0, from)))}
        height={HEIGHT}
        fill="url(#navigator-gap)"
      />
    ))}
    {marks
      .filter(({ at }) => at >= 0 && at <= end)
      .map(({ at, letter }) => (
        <path key={letter} d={`M${x(at)} ${HEIGHT - 6}v6`} className={styles["mark"]} />
      ))}
    {timeTicks(0, end, x(end) - x(0)).map((at) => (
      <text key={at} x={x(at)} y={HEIGHT + 13} className={styles["label"]}>
        {sinceStart(at)}
      </text>
    ))}
    <text x="0" y={HEIGHT / 2 + 4} className={styles["caption"]}>
      Whole run
    </text>
  </g>
);

type Handlers = Pick<ReturnType<typeof useMoves>, "applyKeys" | "press">;

/** The window, which is dim around, with its two ends: three sliders. */
const WindowParts = ({
  span,
  end,
  x,
  applyKeys,
  press,
}: Handlers & { readonly span: Span; readonly end: number; readonly x: X }): ReactNode => {
  const [from, to] = [Math.max(0, Math.min(end, span[0])), Math.min(end, span[1])];
  const slider = (part: Part) => ({
    role: "slider",
    tabIndex: 0,
    "data-part": part,
    "aria-label": NAMES[part],
    "aria-valuemin": 0,
    "aria-valuemax": Math.round(end),
    "aria-valuenow": Math.round(part === "to" ? to : from),
    "aria-valuetext": valueText(part, [from, to]),
    onKeyDown: (event: KeyboardEvent) => press(part, event),
    onKeyUp: applyKeys,
    onBlur: applyKeys,
  });
  const grip = (part: "from" | "to", at: number): ReactNode => (
    <g {...slider(part)} className={styles["end"]}>
      <rect x={at - 12} width="24" height={HEIGHT} className={styles["hold"]} />
      <rect
        x={at - GRIP.width / 2}
        y={(HEIGHT - GRIP.height) / 2}
        {...GRIP}
        rx="2"
        className={styles["grip"]}
      />
    </g>
  );
  const rest = { height: HEIGHT, className: styles["dim"], "aria-hidden": true };
  return (
    <>
      <rect x={x(0)} width={x(from) - x(0)} {...rest} />
      <rect x={x(to)} width={x(end) - x(to)} {...rest} />
      <rect
        {...slider("middle")}
        x={x(from)}
        y="0.5"
        width={Math.max(1, x(to) - x(from))}
        height={HEIGHT - 1}
        className={styles["window"]}
      />
      {grip("from", x(from))}
      {grip("to", x(to))}
    </>
  );
};

/** The whole run, small, with the window in it: its ends and its middle can be moved, and another one spanned beside it. */
export const Navigator = (props: NavigatorProps): ReactNode => {
  const { end, onWindow } = props;
  const { ref, width } = useWidth();
  const svg = useRef<SVGSVGElement>(null);
  const inner = Math.max(1, width - 2 * AXIS_WIDTH);
  const x: X = (seconds) => AXIS_WIDTH + (seconds / end) * inner;
  const secondsAt = (clientX: number): number => {
    const left = svg.current?.getBoundingClientRect().left ?? 0;
    return ((clientX - left - AXIS_WIDTH) / inner) * end;
  };
  const { shown, apply, applyKeys, cancel, take, drag, press } = useMoves(props, secondsAt);
  return (
    <div className={styles["navigator"]} role="group" aria-label="Window in the whole run">
      <div ref={ref}>
        {width > 0 && (
          <svg
            ref={svg}
            width={width}
            height={HEIGHT + LABELS}
            onPointerDown={take}
            onPointerMove={drag}
            onPointerUp={apply}
            onPointerCancel={cancel}
            onDoubleClick={() => onWindow(undefined)}
          >
            <Picture props={props} x={x} />
            <WindowParts span={shown} end={end} x={x} applyKeys={applyKeys} press={press} />
          </svg>
        )}
      </div>
    </div>
  );
};
