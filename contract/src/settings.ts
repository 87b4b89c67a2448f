import { z } from "zod";

const notSupported = z
  .never({ error: "is not supported by this version of Load Manager; leave it out" })
  .optional();

/** Settings that the data model has and this version cannot run: naming one is a clear 400, not silence. */
export const unavailableSettings = {
  workers: notSupported,
  userClasses: notSupported,
  includeTags: notSupported,
  excludeTags: notSupported,
  scriptOptions: notSupported,
  environment: notSupported,
  loadProfile: notSupported,
};
