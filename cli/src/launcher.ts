/**
 * Ends this process like SIGTERM when the process that has started it is gone, also by kill -9. Only a launcher has a channel
 * to it: Node's own child processes do not inherit one.
 */
export const endWithLauncher = (): void => {
  if (process.channel === undefined) return;
  process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
  // The channel alone keeps no process alive.
  process.channel.unref();
};
