import { z } from "zod";

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
  environment: true,
} as const;

/** Settings of the data model without support in this version. Refusing them is clearer than ignoring them. */
export const unavailableSettings = {
  workers: notSupported,
  userClasses: notSupported,
  includeTags: notSupported,
  excludeTags: notSupported,
  scriptOptions: notSupported,
  environment: notSupported,
  loadProfile: notSupported,
};
