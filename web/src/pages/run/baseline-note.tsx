import type { CriterionVerdict } from "@load-manager/contract/model/criterion.ts";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { percent, text } from "../../format/numbers.ts";
import { observedText } from "./verdict-rows.ts";

/** What a criterion was compared with: the figure, and the runs that it is made of. */
export const BaselineNote = ({
  one: { baseline, unit },
}: {
  readonly one: Pick<CriterionVerdict, "baseline" | "unit">;
}): ReactNode => {
  if (baseline === undefined) return null;
  const { value, runs, noise } = baseline;
  const varies = noise.percent === null ? "" : `, varies by ${text(percent(noise.percent))}`;
  const isAssumed = noise.percent !== null && noise.runIds.length < 2;
  return (
    <span className="muted">
      {" "}
      baseline {observedText({ unit, observed: value })}:{" "}
      {runs.length === 1 ? "run" : `mean of ${runs.length} runs`}{" "}
      {runs.map(({ id, runNumber, value: of }, index) => (
        <span key={id}>
          {index > 0 && ", "}
          <Link
            to="/runs/$runId"
            params={{ runId: id }}
            title={observedText({ unit, observed: of })}
          >
            {runNumber === undefined ? id : `#${runNumber}`}
          </Link>
        </span>
      ))}
      {varies}
      {isAssumed && " (assumed)"}
    </span>
  );
};
