import { z } from "zod";

export const Stage = z.object({
  durationSeconds: z.int().describe("How long the stage lasts, its ramp included, in seconds."),
  users: z.int().describe("The number of users to reach in the stage; 0: a pause."),
  spawnRate: z
    .number()
    .optional()
    .describe("How fast users are started or stopped, in users per second; absent: all at once."),
});
export type Stage = z.output<typeof Stage>;

/** How the number of users changes over time. */
export const LoadProfile = z
  .discriminatedUnion("kind", [
    z.object({
      kind: z
        .literal("constant")
        .describe("constant: the users rise to their target and stay there."),
    }),
    z.object({
      kind: z.literal("script").describe("script: the script's LoadTestShape decides."),
    }),
    z.object({
      kind: z.literal("stages").describe("stages: one stage after the other."),
      stages: z.array(Stage).describe("The stages, in their order."),
    }),
  ])
  .describe("How the number of users changes over time; stages and script need the plugin.");
export type LoadProfile = z.output<typeof LoadProfile>;

/** How long all stages last together, in seconds. */
export const durationOfStages = (stages: readonly Stage[]): number =>
  stages.reduce((sum, { durationSeconds }) => sum + durationSeconds, 0);

/** A ramp as Locust makes it: whole groups of users, the first one at once. */
const afterRamp = (from: number, { users, spawnRate }: Stage, seconds: number): number => {
  if (spawnRate === undefined || from === users) return users;
  const group = Math.max(1, Math.floor(spawnRate));
  const groups = Math.floor((seconds * spawnRate) / group + 1e-9) + 1;
  return from < users
    ? Math.min(users, from + groups * group)
    : Math.max(users, from - groups * group);
};

/**
 * The number of users that stages plan at a time in seconds from the start of the load; 0 before it and from its end on. A stage that
 * is too short for its ramp leaves the next one to go on from where it was.
 */
export const plannedUsersAt = (stages: readonly Stage[], seconds: number): number => {
  if (seconds < 0) return 0;
  let [begin, users] = [0, 0];
  for (const stage of stages) {
    const end = begin + stage.durationSeconds;
    if (seconds < end) return afterRamp(users, stage, seconds - begin);
    // What comes exactly at the end of the stage belongs to the next one.
    users = afterRamp(users, stage, stage.durationSeconds - 1e-6);
    begin = end;
  }
  return 0;
};
