import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import uPlot from "uplot";
import { useLatest } from "../lib/use-latest.ts";
import { useWidth } from "../lib/use-width.ts";
import styles from "./charts.module.css";

type Props = {
  /** Without width and height. It is asked for again when `version` or the colours change. */
  readonly options: () => Omit<uPlot.Options, "width" | "height">;
  readonly version: string;
  readonly data: uPlot.AlignedData;
  readonly height: number;
  /** The bounds of x; the data's own without it. */
  readonly range?: readonly [number, number] | undefined;
  /** What hooks draw besides the data: the chart is drawn again when it changes. */
  readonly overlay?: object | undefined;
  /** What the chart shows, as a sentence for screen readers. */
  readonly description: string;
};

/** The only place that makes a uPlot: it keeps one as long as its options stay the same, and gives it data and width. */
export const Plot = ({
  options,
  version,
  data,
  height,
  range,
  overlay,
  description,
}: Props): ReactNode => {
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const { ref: sizeRef, width } = useWidth();
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useLatest({ options, data, width, height, range });
  const isSized = width > 0;
  useEffect(() => {
    const { current: element } = host;
    if (element === null || !isSized) return undefined;
    const now = latest.current;
    const made = new uPlot(
      { ...now.options(), width: now.width, height: now.height },
      now.data,
      element,
    );
    plot.current = made;
    if (now.range !== undefined) made.setScale("x", { min: now.range[0], max: now.range[1] });
    return () => {
      made.destroy();
      plot.current = undefined;
    };
  }, [isSized, version, scheme, latest]);
  useEffect(() => {
    if (width > 0) plot.current?.setSize({ width, height });
  }, [width, height]);
  const [from, to] = range ?? [];
  useEffect(() => {
    const { current } = plot;
    if (current === undefined) return;
    if (from === undefined || to === undefined) {
      current.setData(data);
      return;
    }
    current.batch(() => {
      current.setData(data, false);
      current.setScale("x", { min: from, max: to });
    });
  }, [data, from, to, overlay]);
  return (
    <div ref={sizeRef} className={styles["plot"]} role="img" aria-label={description}>
      <div ref={host} aria-hidden />
    </div>
  );
};
