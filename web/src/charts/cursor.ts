import uPlot from "uplot";
import { SYNC_KEY } from "./time-options.ts";

type Span = readonly [number, number];

/** The time at the cursor of the stack, in seconds since load start; the mouse may have moved it. */
export const cursorTime = (): number | undefined => {
  const plot = uPlot.sync(SYNC_KEY).plots.find(({ cursor }) => (cursor.left ?? -1) >= 0);
  return plot?.posToVal(plot.cursor.left ?? 0, "x");
};

/** Shows the cursor and what is selected in all charts of the stack; neither without `at`. */
export const placeCursor = (at: number | undefined, selected: Span | undefined): void => {
  for (const plot of uPlot.sync(SYNC_KEY).plots) {
    const x = (seconds: number): number => plot.valToPos(seconds, "x");
    const { clientHeight: height } = plot.over;
    const [from, to] = selected ?? [0, 0];
    const left = selected === undefined ? 0 : x(from);
    const width = selected === undefined ? 0 : x(to) - left;
    plot.setSelect({ left, width, top: 0, height: width === 0 ? 0 : height }, false);
    plot.setCursor(at === undefined ? { left: -10, top: -10 } : { left: x(at), top: height / 2 });
  }
};
