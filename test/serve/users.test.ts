import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { follow } from "./follow.js";
import { type Answer, ask, dataFolder, startServer, testPack, until } from "./server.js";
import { bearer, tokenOf } from "./token.js";

/** Somebody with a token of their own. */
interface Person {
  readonly headers: Readonly<Record<string, string>>;
  readonly ask: (path: string, body?: unknown, method?: string) => Promise<Answer>;
  /** Runs a prompt to its end; its history entry. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly run: (prompt: object, more?: object) => Promise<any>;
}

/** A server, and people who use it. */
async function openTo(...names: readonly string[]) {
  const data = dataFolder();
  const tokens: Record<string, string> = {};
  for (const name of names)
    tokens[name] = (await tokenOf(data, "--user", name, ...(name === "root" ? ["--scope", "admin"] : []))).token;
  const server = await startServer([...testPack, "--jobs", "4"], { data });
  const person = (name: string): Person => {
    const headers = bearer(tokens[name] as string);
    const asks: Person["ask"] = (path, body, method) =>
      ask(server, path, { headers, ...(body !== undefined && { body }), ...(method && { method }) });
    const run: Person["run"] = async (prompt, more = {}) => {
      const { json, text } = await asks("/prompt", { prompt, ...more });
      if (!json?.prompt_id) throw new Error(text);
      const { json: history } = await until(
        () => asks(`/history/${json.prompt_id}`),
        (answer) => answer.json?.[json.prompt_id] !== undefined,
      );
      return history[json.prompt_id];
    };
    return { headers, ask: asks, run };
  };
  return { server, data, people: names.map(person) as [Person, Person, Person] };
}

const picture = (prefix: string) => ({
  1: { class_type: "EmptyImage", inputs: { width: 16, height: 16, batch_size: 1, color: 255 } },
  2: { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: prefix } },
});
const load = (name: string) => ({
  1: { class_type: "LoadImage", inputs: { image: name } },
  2: { class_type: "PreviewImage", inputs: { images: ["1", 0] } },
});

const view = ({ filename, subfolder, type }: Record<string, string>) =>
  `/view?${new URLSearchParams({ filename: filename!, subfolder: subfolder!, type: type! })}`;

/** A form that uploads the bytes of a picture. */
function formOf(name: string, bytes: Buffer) {
  const head = `--x\r\nContent-Disposition: form-data; name="image"; filename="${name}"\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), bytes, Buffer.from("\r\n--x--\r\n")]);
}
const asForm = { "content-type": "multipart/form-data; boundary=x" };

describe("of two users", () => {
  test("each has files of their own, under the same names", async () => {
    const { data, people } = await openTo("ann", "bob");
    const [ann, bob] = people;
    const [hers, his] = [await ann.run(picture("art/one")), await bob.run(picture("art/one"))];
    for (const [person, entry] of [
      [ann, hers],
      [bob, his],
    ] as const) {
      expect(entry.outputs[2].images).toEqual([{ filename: "one_00001_.png", subfolder: "art", type: "output" }]);
      expect((await person.ask(view(entry.outputs[2].images[0]))).status).toBe(200);
    }
    for (const name of ["ann", "bob"])
      expect(readdirSync(join(data, "files", name, "output/art"))).toEqual(["one_00001_.png"]);
    expect(existsSync(join(data, "output/art"))).toBe(false);
  });

  test("neither finds, reads or loads what the other has", async () => {
    const { server, people } = await openTo("ann", "bob");
    const [ann, bob] = people;
    const entry = await ann.run(picture("secret"), {
      extra_data: { extra_pnginfo: { workflow: { id: "secret-flow" } } },
    });
    const [made] = entry.outputs[2].images;
    const bytes = await new Promise<Buffer>((resolve, reject) => {
      fetch(`${server.url}${view(made)}`, { headers: ann.headers })
        .then((answer) => answer.arrayBuffer())
        .then((buffer) => resolve(Buffer.from(buffer)), reject);
    });
    const upload = { headers: { ...ann.headers, ...asForm }, body: formOf("secret.png", bytes) };
    expect((await ask(server, "/upload/image", upload)).json).toMatchObject({ name: "secret.png" });
    await ann.ask("/userdata/workflows%2Fsecret.json", { secret: true });
    await ann.ask("/settings", { secret: "secret" });
    await ann.run(load("secret.png"));
    const id = entry.prompt[1];

    const paths = [
      "/queue",
      "/history",
      `/history/${id}`,
      "/api/jobs",
      `/api/jobs/${id}`,
      "/userdata?dir=.&recurse=true",
      "/v2/userdata?path=",
      "/v2/userdata?path=workflows",
      "/userdata/workflows%2Fsecret.json",
      "/settings",
      "/settings/secret",
      "/internal/files/input",
      "/internal/files/output",
      "/object_info",
      "/object_info/LoadImage",
      view(made),
      view({ ...made, subfolder: "../../ann/output" }),
      view({ filename: "secret.png", subfolder: "", type: "input" }),
    ];
    for (const path of paths) {
      const told = await bob.ask(path);
      // A refusal may repeat the name that was asked for.
      const leaks = told.status < 400 && (told.text.includes("secret") || told.text.includes(id));
      expect([path, leaks]).toEqual([path, false]);
      // What is looked for is there, for whom it belongs to; a list of choices may come a moment later.
      if (path.includes("..") || path.startsWith("/queue")) continue;
      await until(
        () => ann.ask(path),
        ({ text }) => text !== told.text,
      );
    }
    expect((await bob.ask("/prompt", { prompt: load("secret.png") })).status).toBe(400);
    await ann.run(load("secret.png"));
  });

  test("neither stops, forgets or hears of the other's jobs", async () => {
    const { server, people } = await openTo("ann", "bob");
    const [ann, bob] = people;
    const ears = await follow(server, "tab", bob.headers);
    const wait = { 1: { class_type: "Wait", inputs: { ms: 1500 } } };
    const running = ann.run(wait, { client_id: "tab" });
    const { json } = await until(
      () => ann.ask("/queue"),
      (answer) => answer.json.queue_running.length === 1,
    );
    const id = json.queue_running[0][1];
    await bob.ask("/interrupt", {});
    await bob.ask("/interrupt", { prompt_id: id });
    await bob.ask("/queue", { clear: true, delete: [id] });
    expect((await bob.ask(`/api/jobs/${id}/cancel`, {})).json).toEqual({ cancelled: false });
    expect((await running).status.status_str).toBe("success");
    await bob.ask("/history", { clear: true, delete: [id] });
    expect((await ann.ask(`/history/${id}`)).json).toHaveProperty(id);
    expect(ears.messages.filter(({ data }) => JSON.stringify(data).includes(id))).toEqual([]);
  });
});

test("an admin acts for another user by saying so; nobody else does", async () => {
  const { server, people } = await openTo("ann", "root");
  const [ann, root] = people;
  const id = (await ann.run(picture("hers"))).prompt[1];
  const of = (headers: Readonly<Record<string, string>>, user: string) =>
    ask(server, "/history", { headers: { ...headers, "mezzotint-user": user } });
  expect((await root.ask("/history")).json).toEqual({});
  expect((await of(root.headers, "ann")).json).toHaveProperty(id);
  expect((await of(root.headers, "../ann")).status).toBe(400);
  expect((await of(ann.headers, "root")).json).toHaveProperty(id);
});
