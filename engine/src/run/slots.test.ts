import { describe, expect, test } from "vitest";
import { Lending } from "./lending.js";
import { slots } from "./slots.js";

describe("slots", () => {
  test("are taken all at once or not at all, first come first served", () => {
    const pool = slots({ gpu: 1, cpu: 1 });
    const log: string[] = [];
    const ask = (name: string, names: string[]) => pool.request(names, () => log.push(name));
    ask("a", ["gpu"]);
    ask("b", ["gpu", "cpu"]);
    // The free cpu is kept for b, who came first: else b might wait for ever.
    ask("c", ["cpu"]);
    expect(log).toEqual(["a"]);
    pool.release(["gpu"]);
    expect(log).toEqual(["a", "b"]);
    pool.release(["gpu", "cpu"]);
    expect(log).toEqual(["a", "b", "c"]);
  });

  test("a withdrawn request lets the next one through", () => {
    const pool = slots({ gpu: 1, cpu: 1 });
    const log: string[] = [];
    pool.request(["gpu"], () => log.push("a"));
    const withdraw = pool.request(["gpu", "cpu"], () => log.push("b"));
    pool.request(["cpu"], () => log.push("c"));
    withdraw?.();
    withdraw?.();
    expect(log).toEqual(["a", "c"]);
    pool.release(["gpu"]);
    pool.request(["gpu"], () => log.push("d"));
    expect(log).toEqual(["a", "c", "d"]);
  });

  test("serve a long queue in order", () => {
    const pool = slots({}, 2);
    const served: number[] = [];
    for (let i = 0; i < 20_000; i++) pool.request(["net:x"], () => served.push(i));
    for (let i = 0; i < 20_000; i++) pool.release(["net:x"]);
    expect(served).toEqual(Array.from({ length: 20_000 }, (_, i) => i));
  });

  test("a resource without slots is refused", () => {
    expect(() => slots({ gpu: 0 }).request(["gpu"], () => {})).toThrow("gpu has 0 slots");
    expect(() => slots({ gpu: Number.NaN }).request(["gpu"], () => {})).toThrow("gpu");
  });
});

describe("lending", () => {
  const later = () => {
    let resolve = (_: string) => {};
    let reject = (_: unknown) => {};
    const promise = new Promise<string>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    return { promise, resolve, reject };
  };
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const free = (pool: ReturnType<typeof slots>) => {
    let granted = false;
    pool.request(["gpu"], () => {
      granted = true;
    })?.();
    if (granted) pool.release(["gpu"]);
    return granted;
  };
  const holder = (pool: ReturnType<typeof slots>) => {
    const lending = new Lending(pool, ["gpu"]);
    lending.open(() => {});
    return lending;
  };

  test("slots are free while something is pending, and answers wait until nothing is", async () => {
    const pool = slots({ gpu: 1 });
    const lending = holder(pool);
    const [a, b] = [later(), later()];
    const log: string[] = [];
    const both = [a, b].map(({ promise }) => lending.lend(() => promise).then((got) => log.push(got)));
    expect(free(pool)).toBe(true);
    a.resolve("a");
    await turn();
    expect(log).toEqual([]);
    b.resolve("b");
    await Promise.all(both);
    expect(log.toSorted()).toEqual(["a", "b"]);
    expect(free(pool)).toBe(false);
    lending.close();
    expect(free(pool)).toBe(true);
  });

  test("one that arrives while the slots are being retaken is waited for too", async () => {
    const pool = slots({ gpu: 1 });
    const lending = holder(pool);
    const [a, c] = [later(), later()];
    const log: string[] = [];
    const first = lending.lend(() => a.promise).then((got) => log.push(got));
    let others = 0;
    pool.request(["gpu"], () => others++);
    a.resolve("a");
    await turn();
    const third = lending.lend(() => c.promise).then((got) => log.push(got));
    pool.release(["gpu"]);
    await turn();
    expect(log).toEqual([]);
    expect(free(pool)).toBe(true);
    c.resolve("c");
    await Promise.all([first, third]);
    expect(log.toSorted()).toEqual(["a", "c"]);
    expect(free(pool)).toBe(false);
  });

  test("a rejection passes through, with the slots back", async () => {
    const pool = slots({ gpu: 1 });
    const lending = holder(pool);
    await expect(lending.lend(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(free(pool)).toBe(false);
  });

  test("cancelling while retaking rejects whoever waits and leaves the queue", async () => {
    const pool = slots({ gpu: 1 });
    const lending = holder(pool);
    const a = later();
    const waiting = lending.lend(() => a.promise);
    pool.request(["gpu"], () => {});
    a.resolve("a");
    await turn();
    lending.cancel(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    await expect(lending.lend(() => Promise.resolve(1))).rejects.toThrow("stop");
    lending.close();
    pool.release(["gpu"]);
    expect(free(pool)).toBe(true);
  });

  test("after closing, an answer nobody waited for takes nothing", async () => {
    const pool = slots({ gpu: 1 });
    const lending = holder(pool);
    const a = later();
    const waiting = lending.lend(() => a.promise);
    lending.close();
    a.resolve("a");
    expect(await waiting).toBe("a");
    expect(free(pool)).toBe(true);
  });
});
