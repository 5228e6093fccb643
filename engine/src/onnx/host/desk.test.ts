import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Desk, type Visit } from "./desk.js";

/** A desk, what the device was told in order, and what became of the process. */
function newDesk() {
  const told: string[] = [];
  const ended: string[] = [];
  const heard: string[] = [];
  const desk = new Desk({
    toDevice: (message) => {
      const { client } = message;
      if ("forget" in message) told.push(`${client} forget`);
      else if ("id" in message.frame.message) told.push(`${client} task ${message.frame.message.id}`);
      else told.push(`${client} ${message.frame.message.type}`);
    },
    end: (why) => ended.push(why),
    orphanMs: 20,
  });
  const join = () => {
    const id: number = desk.join(({ message }) => heard.push(`${id} ${message.type} ${message.id}`));
    return { id, say: (message: Visit) => desk.hear(id, { message, parts: [] }) };
  };
  const done = (id: number) => desk.done({ message: { type: "unloaded", id }, parts: [] });
  return { desk, told, ended, heard, join, done };
}
const task = (id: number): Visit => ({ type: "unload", id });
const cancel = (question: number): Visit => ({ type: "cancel", question, graceMs: 10 });
const put: Visit = { type: "put", handle: "h", dtype: "float32", dims: [0] };
const release: Visit = { type: "release", handles: ["h"] };

test("clients take turns, however much one of them asks", () => {
  const { told, heard, join, done } = newDesk();
  const [a, b, c] = [join(), join(), join()];
  for (const id of [1, 2, 3]) a.say(task(id));
  b.say(task(4));
  c.say(task(5));
  for (const id of [1, 4, 5, 2, 3]) done(id);
  expect(told).toEqual(["1 task 1", "2 task 4", "3 task 5", "1 task 2", "1 task 3"]);
  expect(heard.filter((line) => line.startsWith("2"))).toEqual(["2 started 4", "2 unloaded 4"]);
});

test("errands need no turn, and keep a client's own order", () => {
  const { told, join, done } = newDesk();
  const [a, b] = [join(), join()];
  a.say(task(1));
  b.say(put);
  b.say(task(2));
  b.say(release);
  a.say(release);
  done(1);
  done(2);
  expect(told).toEqual(["1 task 1", "2 put", "1 release", "2 task 2", "2 release"]);
});

test("a cancelled task that waits never starts; nothing else is harmed", async () => {
  const { told, ended, join, done } = newDesk();
  const [a, b] = [join(), join()];
  a.say(task(1));
  b.say(task(2));
  b.say(release);
  b.say(cancel(2));
  done(1);
  await sleep(30);
  expect(told).toEqual(["1 task 1", "2 release"]);
  expect(ended).toEqual([]);
});

test("a cancelled task that runs may end in time, or the process does", async () => {
  const { ended, join, done } = newDesk();
  const a = join();
  a.say(task(1));
  a.say(cancel(1));
  done(1);
  await sleep(30);
  expect(ended).toEqual([]);
  a.say(task(2));
  a.say(cancel(1));
  await sleep(30);
  expect(ended).toEqual([]);
  a.say(cancel(2));
  await sleep(30);
  expect(ended).toEqual(["a run was cancelled"]);
});

test("what a client that is gone had waiting is forgotten; what runs for it has little time", async () => {
  const { desk, told, ended, heard, join, done } = newDesk();
  const [a, b] = [join(), join()];
  a.say(task(1));
  a.say(task(2));
  b.say(task(3));
  desk.leave(a.id);
  done(1);
  done(3);
  await sleep(40);
  expect(told).toEqual(["1 task 1", "1 forget", "2 task 3"]);
  expect(heard).toEqual(["1 started 1", "2 started 3", "2 unloaded 3"]);
  expect(ended).toEqual([]);
  b.say(task(4));
  desk.leave(b.id);
  await sleep(40);
  expect(ended).toEqual(["the client of a run is gone"]);
});

test("a client that asks without end is refused, and the others are served", () => {
  const { desk, told, join, done } = newDesk();
  const [a, b] = [join(), join()];
  b.say(task(1));
  expect(() => {
    for (let id = 2; id < 1e5; id++) a.say(task(id));
  }).toThrow("without end");
  desk.leave(a.id);
  b.say(task(2));
  done(1);
  expect(told).toEqual(["2 task 1", "1 forget", "2 task 2"]);
});
