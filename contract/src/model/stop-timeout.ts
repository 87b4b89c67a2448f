/** Of load tests that do not say otherwise. */
export const DEFAULT_STOP_TIMEOUT_SECONDS = 10;

/** How long the load of a run may take to end. Locust without the plugin does not show its own timeout: the default stands for it. */
export const stopTimeoutOf = ({
  stopTimeoutSeconds = DEFAULT_STOP_TIMEOUT_SECONDS,
}: {
  readonly stopTimeoutSeconds?: number | undefined;
}): number => stopTimeoutSeconds;
