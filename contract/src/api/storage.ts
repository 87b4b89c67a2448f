import { z } from "zod";
import { StorageUse } from "../model/storage.ts";

export const StorageAnswer = z.object({
  kind: z.enum(["memory", "sqlite", "mongodb"]).describe("The kind of store."),
  ...StorageUse.shape,
});
