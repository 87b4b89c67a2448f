import { useEffect, useState } from "react";
import { cursorTime, placeCursor } from "../../charts/cursor.ts";
import { useKeys } from "../../components/keys.ts";
import { type ChartCursor, chosenSpan, movedCursor } from "./chart-cursor.ts";

/** The cursor of the charts as keys move it: arrows go from point to point, with Shift they choose a window, Enter zooms to it. */
export const useChartCursor = (
  times: readonly number[],
  [from, to]: readonly [number, number],
  onWindow: (window: readonly [number, number]) => void,
): ChartCursor | undefined => {
  const [cursor, setCursor] = useState<ChartCursor | undefined>();
  const move = (way: 1 | -1, isChoosing: boolean): void => {
    const seen = times.filter((time) => time >= from && time <= to);
    // The mouse may have moved it since.
    const at = cursorTime() ?? cursor?.at;
    const before = at === undefined ? undefined : { ...cursor, at };
    setCursor(movedCursor(seen, before, way, isChoosing));
  };
  useKeys({
    ArrowLeft: () => move(-1, false),
    ArrowRight: () => move(1, false),
    "Shift+ArrowLeft": () => move(-1, true),
    "Shift+ArrowRight": () => move(1, true),
    Enter: () => {
      const chosen = chosenSpan(cursor);
      if (chosen === undefined) return;
      setCursor(undefined);
      onWindow(chosen);
    },
  });
  const isInside = cursor !== undefined && cursor.at >= from && cursor.at <= to;
  useEffect(() => {
    if (!isInside) return undefined;
    // Charts take their bounds in a microtask, which they have asked for before this effect.
    queueMicrotask(() => placeCursor(cursor.at, chosenSpan(cursor)));
    return () => placeCursor(undefined, undefined);
  }, [cursor, isInside, from, to]);
  return isInside ? cursor : undefined;
};
