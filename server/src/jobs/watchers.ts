/** Who watches which job's previews. */
export class Watchers {
  readonly #watchers = new Map<string, Set<object>>();

  /** Notes that somebody begins or ceases to watch; whether anybody watches now. */
  note(job: string, watches: boolean, who: object): boolean {
    const all = this.#watchers.get(job) ?? new Set();
    if (watches) all.add(who);
    else all.delete(who);
    if (all.size > 0) this.#watchers.set(job, all);
    else this.#watchers.delete(job);
    return all.size > 0;
  }

  /** The job is over. */
  forget(job: string): void {
    this.#watchers.delete(job);
  }
}
