import { Select } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode, Ref } from "react";
import { shortRunName } from "../../format/run-name.ts";
import { runQueryOf } from "../../api/queries.ts";
import { moment } from "../../format/times.ts";
import { earlierRunsQuery } from "./run-queries.ts";
import type { RunView } from "./view.ts";

/** Chooses another run of the load test, which the charts then show as a dotted line, aligned at load start. */
export const OverlaySelect = ({
  view,
  onOverlay,
  ref,
}: {
  readonly ref: Ref<HTMLInputElement>;
  readonly view: RunView;
  readonly onOverlay: (runId: string | undefined) => void;
}): ReactNode => {
  const { run, overlay } = view;
  const { loadTestId } = run;
  const { data } = useQuery({
    ...earlierRunsQuery(loadTestId ?? ""),
    enabled: loadTestId !== undefined,
  });
  const { data: laid, isError } = useQuery({
    ...runQueryOf(overlay ?? ""),
    enabled: overlay !== undefined,
  });
  const newest = data?.items ?? [];
  // The address may name an older run, or one of another load test.
  const isOther = laid !== undefined && newest.every(({ id }) => id !== laid.id);
  const others = [...newest, ...(isOther ? [laid] : [])].filter(
    ({ id, loadStartedAt }) => id !== run.id && loadStartedAt !== undefined,
  );
  const fault = isError
    ? "That run cannot be shown."
    : laid !== undefined && laid.loadStartedAt === undefined
      ? "That run has made no load."
      : undefined;
  if (others.length === 0 && overlay === undefined) return null;
  return (
    <Select
      ref={ref}
      size="xs"
      w={200}
      clearable
      aria-label="Lay another run under the charts"
      placeholder="Overlay: none"
      value={overlay ?? null}
      error={fault}
      onChange={(value) => onOverlay(value ?? undefined)}
      data={others.map((one) => ({
        value: one.id,
        label: `${shortRunName(one)}, ${moment(one.createdAt)}`,
      }))}
    />
  );
};
