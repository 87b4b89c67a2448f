import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { expect } from "vitest";
import { ROOT } from "../harness.ts";

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath: process.env["LOAD_MANAGER_TEST_CHROMIUM"] ?? "",
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
  });

type Watched = {
  readonly page: Page;
  /** Fails where the page has logged an error, violated its policy, thrown, or asked another host. */
  readonly expectClean: () => void;
};

/** Errors that a test provokes, such as a refused sign-in, are told by `mayFail`. */
export const openPage = async (
  context: Browser | BrowserContext,
  address: string,
  mayFail: RegExp = /^$/,
): Promise<Watched> => {
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(`thrown: ${error.message}`));
  page.on("console", (message) => {
    const text = `${message.text()} (${message.location().url})`;
    if (message.type() === "error" && !mayFail.test(text)) faults.push(`console: ${text}`);
  });
  page.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    if (protocol !== "data:" && origin !== address) faults.push(`asked ${request.url()}`);
  });
  page.setDefaultTimeout(30_000);
  return { page, expectClean: () => expect(faults).toEqual([]) };
};

const AXE = readFileSync(join(ROOT, "node_modules/axe-core/axe.min.js"), "utf8");

/** The rules of accessibility that the page violates, each with the elements. */
export const violationsOf = async (page: Page): Promise<string[]> => {
  // While a dialog fades in, its text has another contrast than the one that people read.
  await page.evaluate(
    "Promise.allSettled(document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity).map((one) => one.finished)).then(() => undefined)",
  );
  // Not as a script element, which the policy of the page refuses.
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      readonly axe: {
        readonly run: () => Promise<{
          readonly violations: readonly {
            readonly id: string;
            readonly nodes: readonly { readonly target: unknown; readonly html: string }[];
          }[];
        }>;
      };
    };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`,
    );
  });
};
