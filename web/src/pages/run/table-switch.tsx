import { SegmentedControl } from "@mantine/core";
import type { ReactNode } from "react";

/** Whether charts or their values are shown, in all panels alike. */
export type TableChoice = {
  readonly isTable: boolean;
  readonly onTable: (isTable: boolean) => void;
};

/** `what`: what this panel shows, for screen readers. */
export const TableSwitch = ({
  what,
  isTable,
  onTable,
}: TableChoice & { readonly what: string }): ReactNode => (
  <SegmentedControl
    size="xs"
    aria-label={`${what}: chart or table`}
    value={isTable ? "table" : "charts"}
    onChange={(value) => onTable(value === "table")}
    data={[
      { value: "charts", label: "Chart" },
      { value: "table", label: "Table" },
    ]}
  />
);
