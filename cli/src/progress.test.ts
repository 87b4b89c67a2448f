import { expect, test } from "vitest";
import { createProgress } from "./progress.ts";

const recorded = (isTTY: boolean) => {
  let now = 0;
  let text = "";
  const progress = createProgress({ isTTY, write: (more) => (text += more) }, () => now);
  return {
    at: (ms: number, what: string, done: number, total: number): string => {
      now = ms;
      text = "";
      progress.update(what, done, total);
      return text;
    },
    line: (words: string): string => {
      text = "";
      progress.line(words);
      return text;
    },
  };
};

test("a terminal has a bar and the time that is left", () => {
  const { at, line } = recorded(true);
  expect(at(0, "runs", 500, 10_500)).toBe(`\r\u001B[K[#${"-".repeat(23)}] runs: 500 of 10,500`);
  expect(at(50, "runs", 600, 10_500)).toBe("");
  // 5000 in 10 s: for the other 5000 as long again.
  expect(at(10_000, "runs", 5500, 10_500)).toMatch(
    /\[#{13}-{11}\] runs: 5,500 of 10,500, 0:10 left$/,
  );
  expect(at(11_000, "rows", 10, 0)).toMatch(/rows: 10$/);
  expect(line("Checking …")).toBe("\r\u001B[KChecking …\n");
});

test("elsewhere there is a line every five seconds, and one at the end", () => {
  const { at } = recorded(false);
  expect(at(0, "runs", 0, 100)).toBe("runs: 0 of 100\n");
  expect(at(4000, "runs", 40, 100)).toBe("");
  expect(at(5000, "runs", 50, 100)).toBe("runs: 50 of 100, 0:05 left\n");
  expect(at(5100, "runs", 100, 100)).toBe("runs: 100 of 100\n");
  expect(at(5200, "other", 1, 7_200_000)).toBe("other: 1 of 7,200,000\n");
  expect(at(15_200, "other", 10_001, 36_010_001)).toMatch(/10:00:00 left/);
});
