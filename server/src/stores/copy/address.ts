import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import { invalid } from "../../lib/errors.ts";

/** Where a store is. `shown` names it without what is secret. */
export type Address =
  | { readonly kind: "sqlite"; readonly folder: string; readonly shown: string }
  | {
      readonly kind: "mongodb";
      readonly uri: string;
      readonly database: string;
      readonly shown: string;
    };

const MONGODB =
  /^(?<scheme>mongodb(?:\+srv)?):\/\/(?:[^@/?]*@)?(?<hosts>[^@/?]+)(?:\/(?<database>[^?]*))?(?:\?.*)?$/;

const real = (folder: string): string => {
  try {
    return realpathSync(folder);
  } catch {
    return resolve(folder);
  }
};

/** Throws AppError validation that names the option. */
export const parseAddress = (text: string, option: string): Address => {
  if (text.startsWith("sqlite:")) {
    const folder = text.slice("sqlite:".length).replace(/^\/\//, "");
    if (folder === "") {
      throw invalid(option, "names no folder: sqlite:FOLDER, such as sqlite:.load-manager");
    }
    return { kind: "sqlite", folder: real(folder), shown: `sqlite:${real(folder)}` };
  }
  if (/^mongodb(\+srv)?:/.test(text)) {
    const uri = text.replace(/^mongodb:(?=mongodb(\+srv)?:)/, "");
    const parts = MONGODB.exec(uri)?.groups;
    if (parts === undefined) {
      throw invalid(option, "is no address of MongoDB: mongodb://HOST[:PORT]/DATABASE");
    }
    const database = decodeURIComponent(parts["database"] ?? "");
    if (database === "") {
      throw invalid(
        option,
        "names no database: write it after the host, as in mongodb://db.example/load_manager",
      );
    }
    const hosts = (parts["hosts"] ?? "").split(",").toSorted().join(",");
    return { kind: "mongodb", uri, database, shown: `${parts["scheme"]}://${hosts}/${database}` };
  }
  if (/^memory\b/.test(text)) {
    throw invalid(option, "cannot be memory: what is there goes with its server");
  }
  throw invalid(option, "must be sqlite:FOLDER or mongodb://HOST/DATABASE");
};
