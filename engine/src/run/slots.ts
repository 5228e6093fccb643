/** Named resources, each with a number of slots. Whoever needs several gets all at once or waits for all. */
export interface Slots {
  /**
   * Takes one slot of each name, now or when it is this request's turn: first come, first served for each name.
   * `granted` is called once, synchronously, when the slots are taken. Returns how to withdraw before that, or nothing
   * when they were free.
   */
  readonly request: (names: readonly string[], granted: () => void) => (() => void) | undefined;
  /** Gives back one slot of each name. */
  readonly release: (names: readonly string[]) => void;
}

interface Request {
  readonly names: readonly string[];
  readonly granted: () => void;
  over: boolean;
}

/** One resource: its free slots, and who waits for them, in order. */
interface Resource {
  free: number;
  readonly queue: Request[];
  /** Where the queue starts; it is cut only now and then, so that serving it stays linear. */
  head: number;
}

/** Slots by resource name; a resource that is not named has `otherwise` slots. Names within a request are distinct. */
export function slots(counts: Readonly<Record<string, number>> = {}, otherwise = 1): Slots {
  const resources = new Map<string, Resource>();

  const resource = (name: string): Resource => {
    let found = resources.get(name);
    if (!found) {
      const free = Object.hasOwn(counts, name) ? counts[name]! : otherwise;
      if (!(free >= 1)) throw new Error(`resource ${name} has ${free} slots: whatever needs it would wait for ever`);
      found = { free, queue: [], head: 0 };
      resources.set(name, found);
    }
    return found;
  };

  const isNext = (request: Request) =>
    request.names.every((name) => {
      const { free, queue, head } = resource(name);
      return free > 0 && (queue[head] === request || head >= queue.length);
    });

  /** The first request in line that has not been withdrawn. */
  const first = (of: Resource): Request | undefined => {
    while (of.head < of.queue.length && of.queue[of.head]!.over) of.head++;
    if (of.head > 1024 && of.head * 2 > of.queue.length) {
      of.queue.splice(0, of.head);
      of.head = 0;
    }
    return of.queue[of.head];
  };

  /** Serves whoever is first in line for all it needs. Serving one may make another the first. */
  const serve = (names: readonly string[]) => {
    const changed = [...names];
    for (let name = changed.pop(); name !== undefined; name = changed.pop()) {
      const request = first(resource(name));
      if (!request) continue;
      for (const other of request.names) first(resource(other));
      if (!isNext(request)) continue;
      request.over = true;
      for (const other of request.names) resource(other).free--;
      changed.push(...request.names);
      request.granted();
    }
  };

  return {
    request(names, granted) {
      const request: Request = { names, granted, over: false };
      for (const name of names) first(resource(name));
      if (isNext(request)) {
        for (const name of names) resource(name).free--;
        granted();
        return undefined;
      }
      for (const name of names) resource(name).queue.push(request);
      return () => {
        if (request.over) return;
        request.over = true;
        serve(names);
      };
    },
    release(names) {
      for (const name of names) resource(name).free++;
      serve(names);
    },
  };
}
