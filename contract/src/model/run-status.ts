/** The statuses of a run, from its creation to its ends. */
export const RUN_STATUSES = [
  "Pending",
  "Starting",
  "Running",
  "Stopping",
  "Finished",
  "Stopped",
  "Failed",
] as const;
