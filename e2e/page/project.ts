import type { Client } from "@load-manager/contract/api/http-client.ts";
import type { Locator, Page } from "playwright-core";

export const MAIN = "from common.users import Shopper\n";
export const USERS = `from locust import HttpUser, task


class Shopper(HttpUser):
    @task
    def home(self):
        self.client.get("/")
`;
/** Bytes that are no UTF-8. */
export const PICTURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff, 0x00, 0xfe]).toString("base64");
export const PROJECT = [
  { path: "common/__init__.py", content: "" },
  { path: "common/users.py", content: USERS },
  { path: "data/logo.png", content: PICTURE, encoding: "base64" as const },
  { path: "data/users.csv", content: "id,name\r\n1,Ünal\r\n" },
  { path: "load/main.py", content: MAIN },
];

export const makeProject = async (client: Client, name: string) => {
  const { id } = await client.createLoadTest({
    body: {
      ...{ accountId: "acme", orgId: "web", projectId: "shop" },
      ...{ name, targetUrl: "http://127.0.0.1:9" },
    },
  });
  const params = { loadTestId: id };
  await client.saveScript({
    params,
    body: { entrypoint: "load/main.py", files: PROJECT },
  });
  return params;
};

export type Params = { readonly loadTestId: string };

/** The newest script: what Locust runs, and contents by path. */
export const newestScript = async (client: Client, params: Params) => {
  const { entrypoint, files, revisionNumber } = await client.getScript({ params });
  return {
    entrypoint,
    revisionNumber,
    files: Object.fromEntries(files.map(({ path, content }) => [path, content])),
  };
};
export const original = Object.fromEntries(PROJECT.map(({ path, content }) => [path, content]));

export const editorOf = (page: Page, path: string): Locator =>
  page.getByRole("textbox", { name: path, exact: true });

/** Types at the end of the file that is shown. */
export const append = async (page: Page, path: string, text: string): Promise<void> => {
  await editorOf(page, path).click();
  await page.keyboard.press("Control+End");
  await page.keyboard.type(text);
};

/** A dialog fades in. */
export const OPACITY = "getComputedStyle(document.querySelector('[role=dialog]')).opacity";
