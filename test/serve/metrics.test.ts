import { expect, test } from "vitest";
import { ask, entryOf, showText, startServer, submit, type TestServer, until } from "./server.js";

/** The figures of a server, by name and labels. */
async function figuresOf(server: TestServer): Promise<Readonly<Record<string, number>>> {
  const { text, headers } = await ask(server, "/metrics");
  expect(headers["content-type"]).toMatch(/^text\/plain; version=/);
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(
    lines.map((line) => {
      const end = line.lastIndexOf(" ");
      return [line.slice(0, end), Number(line.slice(end))];
    }),
  );
}

test("jobs, nodes and workers are counted", async () => {
  const server = await startServer();
  expect(await figuresOf(server)).toMatchObject({ mezzotint_jobs_queued: 0, mezzotint_jobs_running: 0 });
  for (const text of ["a", "a", "b"]) await entryOf(server, await submit(server, showText(text)));
  expect(
    await until(
      () => figuresOf(server),
      (found) => found['mezzotint_jobs_finished_total{status="succeeded"}'] === 3,
    ),
  ).toMatchObject({
    'mezzotint_nodes_total{how="executed"}': 4,
    'mezzotint_nodes_total{how="cached"}': 2,
    mezzotint_job_wait_seconds_count: 3,
    mezzotint_job_run_seconds_count: 3,
    mezzotint_workers: 1,
    mezzotint_worker_restarts_total: 0,
    mezzotint_websocket_clients: 0,
  });
});

test("requests are counted by route: paths that clients think up are no figures of their own", async () => {
  const server = await startServer();
  for (let i = 0; i < 20; i++) await ask(server, `/history/${i}`);
  for (let i = 0; i < 20; i++) await ask(server, `/nothing/${i}`);
  const figures = await figuresOf(server);
  const count = (route: string, status: number) =>
    figures[`mezzotint_http_request_seconds_count{method="GET",route="${route}",status="${status}"}`];
  expect([count("/history/:id", 200), count("none", 404)]).toEqual([20, 20]);
  expect(Object.keys(figures).filter((name) => name.includes("/nothing"))).toEqual([]);
});
