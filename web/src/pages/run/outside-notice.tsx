import { Button } from "@mantine/core";
import type { ReactNode } from "react";
import { Empty } from "../../components/notices.tsx";
import { Panel } from "../../components/panel.tsx";
import { duration, sinceStart } from "../../format/times.ts";
import type { RunView } from "./view.ts";

/** In place of figures, charts and tables where the window has no second of the run. */
export const OutsideNotice = ({
  view: { window, isLive, loadSeconds },
  onWhole,
}: {
  readonly view: RunView;
  readonly onWhole: () => void;
}): ReactNode => (
  <Panel label="Window outside the run">
    <Empty title="The window is outside the run.">
      <p>
        It goes from {sinceStart(window.from)} to {sinceStart(window.to)} after load start; the load{" "}
        {isLive ? "has lasted" : "lasted"} {duration(loadSeconds * 1000)}.
      </p>
      <Button variant="filled" onClick={onWhole}>
        Show the whole run
      </Button>
    </Empty>
  </Panel>
);
