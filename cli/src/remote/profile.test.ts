import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@load-manager/server/lib/testing/temporary-folder.ts";
import { expect, test } from "vitest";
import { profileFile, readProfile, writeProfile } from "./profile.ts";

const home = temporaryFolder();
const file = profileFile({ XDG_CONFIG_HOME: home });

test("a profile is read back, and only its user can read it", () => {
  expect(file).toBe(join(home, "load-manager", "profile.json"));
  expect(readProfile(file)).toBeUndefined();
  const profile = { server: "https://load.example", token: "a-long-token" };
  writeProfile(profile, file);
  expect(readProfile(file)).toEqual(profile);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  writeFileSync(file, "", { mode: 0o644 });
  writeProfile({ server: "https://load.example" }, file);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).not.toContain("token");
});

test.each(["", "[]", "{}", '{"server":1}', '{"server":"a","token":2}', "null"])(
  "%j is no profile, and the error says what to do",
  (text) => {
    mkdirSync(join(home, "other"), { recursive: true });
    const other = join(home, "other", "profile.json");
    writeFileSync(other, text);
    expect(() => readProfile(other)).toThrow(/delete it, or log in again/);
  },
);

test("without XDG_CONFIG_HOME it is below the home", () => {
  expect(profileFile({ HOME: "/home/ann" })).toBe("/home/ann/.config/load-manager/profile.json");
});
