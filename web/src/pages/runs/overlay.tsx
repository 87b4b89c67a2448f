import { Button } from "@mantine/core";
import { IconArrowsSort } from "@tabler/icons-react";
import type { RunAnswer } from "@load-manager/contract/api/run.ts";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { chosenAfter, newerFirst } from "./pair.ts";
import type { RunSelection } from "./run-table.tsx";

export const useRunSelection = (): RunSelection => {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  return { chosen, choose: (runId) => setChosen((before) => chosenAfter(before, runId)) };
};

/** Opens the newer of two chosen runs with the older laid under it. */
export const OverlayButton = ({
  runs,
  selection: { chosen },
}: {
  readonly runs: readonly RunAnswer[];
  readonly selection: RunSelection;
}): ReactNode => {
  const navigate = useNavigate();
  const pair = newerFirst(runs.filter(({ id }) => chosen.includes(id)));
  const open = (): void => {
    if (pair === undefined) return;
    const [newer, older] = pair;
    void navigate({
      to: "/runs/$runId",
      params: { runId: newer.id },
      search: { overlay: older.id },
    });
  };
  return (
    <Button
      size="compact-sm"
      leftSection={<IconArrowsSort size={14} stroke={1.5} />}
      disabled={pair === undefined}
      title={
        pair === undefined
          ? "Select two runs: the newer opens with the older laid under it."
          : undefined
      }
      onClick={open}
    >
      Overlay selected
    </Button>
  );
};
