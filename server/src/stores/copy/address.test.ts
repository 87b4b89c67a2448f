import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { rejection } from "../conformance/harness.ts";
import { onMongo } from "../testing/test-database.ts";
import { parseAddress } from "./address.ts";
import { openSource } from "./open.ts";
import { temporaryFolder } from "../../lib/testing/temporary-folder.ts";

describe("addresses", () => {
  const message = (text: string): string => {
    try {
      return JSON.stringify(parseAddress(text, "--from"));
    } catch (error) {
      return String(error);
    }
  };
  test("are those of SQLite and MongoDB; secrets are not shown", () => {
    expect(parseAddress("sqlite:/a/./b", "--from")).toEqual({
      kind: "sqlite",
      folder: "/a/b",
      shown: "sqlite:/a/b",
    });
    const uri = "mongodb://user:p%40ss@h2:1,h1:2/shop?authSource=admin";
    const parsed = { kind: "mongodb", uri, database: "shop", shown: "mongodb://h1:2,h2:1/shop" };
    expect(parseAddress(uri, "--from")).toEqual(parsed);
    expect(parseAddress(`mongodb:${uri}`, "--from")).toEqual(parsed);
    expect(message("mongodb+srv://h/x")).toContain('"shown":"mongodb+srv://h/x"');
    for (const text of ["mongodb://h", "mongodb://h/", "mongodb://u:p@h:1/?w=1"]) {
      expect(message(text)).toMatch(/--from names no database/);
    }
    expect(message("memory")).toMatch(/--from cannot be memory/);
    expect(message("sqlite:")).toMatch(/--from names no folder/);
    expect(message("mongodb:shop")).toMatch(/no address of MongoDB/);
    expect(message(".load-manager")).toMatch(/--from must be sqlite:FOLDER or mongodb/);
  });

  test("of a missing source are refused; a typo creates nothing", async () => {
    const missing = join(temporaryFolder(), "typo");
    expect(
      String(await rejection(openSource(parseAddress(`sqlite:${missing}`, "--from")))),
    ).toContain("There is no data of Load Manager");
    expect(existsSync(missing)).toBe(false);
  });

  onMongo(({ uri, database }) => {
    test("of a missing source in MongoDB are refused; reading creates nothing", async () => {
      const address = parseAddress(`${uri}/${database}`, "--from");
      const expected = `There is nothing of Load Manager in the database ${database}`;
      expect(String(await rejection(openSource(address)))).toContain(expected);
      expect(String(await rejection(openSource(address)))).toContain(expected);
    });
  });
});
