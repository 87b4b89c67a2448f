import type uPlot from "uplot";
import { clock, sinceStart } from "../format/times.ts";

const utcOf = (ms: number): string => `${new Date(ms).toISOString().slice(11, 19)} UTC`;

/** The time of the cursor on the axis of the bottom chart: since load start, by the clock here, and in UTC. */
export const timeFlagHooks = (
  loadStartMs: number,
  className: string | undefined,
): uPlot.Hooks.Arrays => {
  const flag = document.createElement("div");
  if (className !== undefined) flag.className = className;
  flag.hidden = true;
  return {
    ready: [(plot) => plot.root.querySelector(".u-wrap")?.append(flag)],
    setCursor: [
      (plot) => {
        const left = plot.cursor.left ?? -1;
        flag.hidden = left < 0;
        if (flag.hidden) return;
        const at = plot.posToVal(left, "x");
        const ms = loadStartMs + at * 1000;
        flag.textContent = `${sinceStart(at)} · ${clock(ms)} · ${utcOf(ms)}`;
        const { offsetLeft, offsetTop, clientHeight, clientWidth } = plot.over;
        const half = flag.offsetWidth / 2;
        const x = Math.min(Math.max(left, half - offsetLeft), clientWidth + offsetLeft - half);
        flag.style.left = `${offsetLeft + x - half}px`;
        flag.style.top = `${offsetTop + clientHeight + 2}px`;
      },
    ],
  };
};
