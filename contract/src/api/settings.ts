import { z } from "zod";
import { environmentFaults } from "../model/environment.ts";
import { HiddenTexts } from "../model/hidden-values.ts";

const notSupported = z
  .never({ error: "is not supported by this version of Load Manager; leave it out" })
  .optional();

/** What answers leave out: nothing can set it, and only migrated load tests and runs have some of it. */
export const unsettable = {
  loadProfile: true,
  workers: true,
  userClasses: true,
  includeTags: true,
  excludeTags: true,
  scriptOptions: true,
} as const;

/** Settings of the data model without support in this version. Refusing them is clearer than ignoring them. */
export const unavailableSettings = {
  workers: notSupported,
  userClasses: notSupported,
  includeTags: notSupported,
  excludeTags: notSupported,
  scriptOptions: notSupported,
  loadProfile: notSupported,
};

/** The environment variables of a request. */
export const Environment = z.record(z.string(), z.string()).superRefine((variables, context) => {
  for (const { name, message } of environmentFaults(variables)) {
    context.addIssue({ code: "custom", message, path: name === undefined ? [] : [name] });
  }
});

/** Settings of which answers show the names alone. */
export const hiddenSettings = {
  environment: HiddenTexts.optional().describe(
    "Environment variables of the Locust processes: their names. Values are hidden, as ***; in a change *** keeps the stored value.",
  ),
};
