import { RunEvent } from "../model/run.ts";
import { Hint } from "./changes.ts";
import { EndEvent, SampleEvent } from "./metrics-detail.ts";

/** The data of each type of event of a stream. */
export const EVENT_SHAPES = {
  sample: SampleEvent,
  status: RunEvent,
  event: RunEvent,
  end: EndEvent,
  hint: Hint,
} as const;
