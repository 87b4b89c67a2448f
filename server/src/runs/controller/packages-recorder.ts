import type { LoadTestRun } from "@load-manager/contract/model/run.ts";
import type { PackagesStep } from "../../clusters/port.ts";
import type { Clock } from "../../lib/clock.ts";
import type { RunEventStore } from "../../stores/model/event-store.ts";
import { type NewEvent, recordEvent } from "../journal/events.ts";

/** What an event names of installed packages at most. */
const MOST_NAMED = 200;

const counted = (packages: number): string =>
  `${packages} ${packages === 1 ? "package" : "packages"}`;

const eventOf = (step: PackagesStep): Omit<NewEvent, "at"> => {
  const { packages } = step;
  if (step.kind === "waiting") {
    const message = `Waiting for another run, which installs the same ${counted(packages)}.`;
    return { id: "packages-waiting", type: "packages_waiting", message, data: { packages } };
  }
  if (step.kind === "installing") {
    const message = `Installing ${counted(packages)} of requirements.txt.`;
    return { id: "packages-installing", type: "packages_installing", message, data: { packages } };
  }
  const { seconds } = step;
  const data = { packages, seconds, installed: step.installed.slice(0, MOST_NAMED) };
  return step.kind === "cached"
    ? {
        id: "packages-installed",
        type: "packages_cached",
        message: "Packages are cached: an earlier run had the same ones installed.",
        data,
      }
    : {
        id: "packages-installed",
        type: "packages_installed",
        message: `Packages installed in ${seconds} s.`,
        data,
      };
};

/** Records what becomes of the packages of the run's script. */
export const packagesRecorder =
  (
    deps: { readonly events: RunEventStore; readonly clock: Pick<Clock, "now"> },
    run: LoadTestRun,
  ) =>
  (step: PackagesStep): Promise<void> =>
    recordEvent(deps.events, run.id, { at: deps.clock.now(), ...eventOf(step) });
