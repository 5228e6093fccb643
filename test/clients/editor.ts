import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { chromium as driver, type Page } from "playwright-core";
import { onTestFinished } from "vitest";
import { ask, dataFolder, startServer, type TestServer, until } from "../serve/server.js";
import { tokenOf } from "../serve/token.js";
import { chromium, frontend } from "./available.js";
import { dropFile, hasGraph, pictureOf, type Shown } from "./in-page.js";

/** ComfyUI's frontend in a browser, as a user has it before them. */
export interface Editor {
  readonly page: Page;
  readonly server: TestServer;
  /** Errors of the page that are not among the harmless ones below. */
  readonly errors: readonly string[];
  /** Lets go of a workflow's file over the canvas. */
  readonly drop: (path: string, change?: (text: string) => string) => Promise<void>;
  /** Presses Run; the job's id. */
  readonly run: () => Promise<string>;
  /** The picture that the first node of a class shows, once there is one of a name. */
  readonly picture: (type: string, name: RegExp) => Promise<Shown>;
  /** Loads the page anew. */
  readonly reload: () => Promise<void>;
}

/** What the page says with every server whose user has none of these files, or does not let it out. */
const HARMLESS: readonly RegExp[] = [
  // Asked for to see whether there are any.
  /404.* \S+\/api\/userdata(\?dir=(workflows|subgraphs)&|\/comfy\.templates\.json|\/workflows%2F\.index\.json)/,
  /Refused to apply style from '\S+\/api\/userdata\/user\.css'/,
  // News from ComfyUI's maker, and how large models on the net are: the server's policy keeps the page at home.
  /https:\/\/(api\.comfy\.org|huggingface\.co)\//,
];

/** Starts a server that serves the frontend, and opens it; with a token, by the address that signs a browser in. */
export async function openEditor({ signIn = false }: { readonly signIn?: boolean } = {}): Promise<Editor> {
  const data = dataFolder();
  const query = signIn ? `?token=${(await tokenOf(data)).token}` : "";
  const server = await startServer(["--front-end-root", frontend], { data });
  const page = await openPage();
  const errors = watchErrors(page);
  await page.goto(`${server.url}/${query}`);
  await ready(page);
  await dismissTemplates(page);
  return {
    page,
    server,
    errors,
    drop: (path, change = (text) => text) => drop(page, basename(path), change(readFileSync(path, "utf8"))),
    run: () => run(page),
    picture: (type, name) => picture(page, type, name),
    reload: async () => {
      await page.reload();
      await ready(page);
    },
  };
}

async function openPage(): Promise<Page> {
  const browser = await driver.launch({
    executablePath: chromium!,
    // Root, as whom builds run, has no sandbox; the only page is our own.
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
  });
  onTestFinished(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.setDefaultTimeout(60_000);
  return page;
}

function watchErrors(page: Page): readonly string[] {
  const errors: string[] = [];
  const say = (text: string) => {
    if (!HARMLESS.some((pattern) => pattern.test(text))) errors.push(text);
  };
  page.on("pageerror", (error) => say(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error") say(`${message.text()} ${message.location().url}`);
  });
  return errors;
}

/** Waits until there is a graph that can be run. */
async function ready(page: Page): Promise<void> {
  await page.getByTestId("queue-button").waitFor();
  await page.waitForFunction(hasGraph);
}

/** The first visit greets with templates. */
async function dismissTemplates(page: Page): Promise<void> {
  const search = page.getByRole("dialog").getByText("No templates found");
  await search.waitFor();
  await page.keyboard.press("Escape");
  await search.waitFor({ state: "detached" });
}

async function drop(page: Page, name: string, text: string): Promise<void> {
  await page.evaluate(dropFile, { name, text });
  await page.getByText(basename(name, ".json"), { exact: true }).first().waitFor();
  await page.getByRole("button", { name: "Fit View (.)" }).click();
}

async function run(page: Page): Promise<string> {
  const answered = page.waitForResponse((response) => new URL(response.url()).pathname === "/api/prompt");
  await page.getByTestId("queue-button").click();
  return (await (await answered).json()).prompt_id;
}

const picture = async (page: Page, type: string, name: RegExp): Promise<Shown> =>
  (await until(
    () => page.evaluate(pictureOf, type),
    (shown) => shown !== undefined && name.test(shown.src),
  ))!;

/** A job in full, once it is over. */
export async function jobOf({ server }: Pick<Editor, "server">, id: string) {
  const { json } = await until(
    () => ask(server, `/api/jobs/${id}`),
    (answer) => ["completed", "failed", "cancelled"].includes(answer.json.status),
  );
  return json;
}
