import { existsSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../lib/errors.ts";
import { openMongoStores } from "../mongo/stores.ts";
import type { Stores } from "../ports.ts";
import { openSqliteStores } from "../sqlite/stores.ts";
import type { Address } from "./address.ts";

const MONGO = { connectTimeoutSeconds: 10, maxPoolSize: 20 };

/** A store to read, which must be there and whole. A folder is locked as by a server. */
export const openSource = async (address: Address): Promise<Stores> => {
  if (address.kind === "mongodb") return openMongoStores({ ...address, ...MONGO, existing: true });
  if (!existsSync(join(address.folder, "control.db"))) {
    throw new AppError(
      "not-found",
      `There is no data of Load Manager in ${address.folder} (no control.db).`,
    );
  }
  return openSqliteStores({ dataDir: address.folder });
};

/** A store to write to, made where there is none. */
export const openTarget = (address: Address): Promise<Stores> =>
  address.kind === "mongodb"
    ? openMongoStores({ ...address, ...MONGO, unfinished: true })
    : openSqliteStores({ dataDir: address.folder, unfinished: true });
