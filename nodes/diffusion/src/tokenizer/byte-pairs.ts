/**
 * Merges the symbols of a word, lowest rank first and of equal ranks the leftmost, until no pair has a rank (Sennrich
 * et al. 2016). The pairs wait in a heap, so a word of n symbols takes n log n steps.
 */
export function mergePairs(symbols: readonly string[], ranks: ReadonlyMap<string, number>): string[] {
  const text: (string | undefined)[] = [...symbols];
  // A merged symbol stays at its first part's place; the list skips the places that it swallowed.
  const next = Int32Array.from(symbols, (_, i) => i + 1);
  const previous = Int32Array.from(symbols, (_, i) => i - 1);
  const heap: number[] = [];
  const rankAt = (at: number): number | undefined => {
    const right = next[at]!;
    return right < text.length ? ranks.get(`${text[at]} ${text[right]}`) : undefined;
  };
  const consider = (at: number): void => {
    const rank = rankAt(at);
    if (rank !== undefined) push(heap, rank * PLACES + at);
  };
  for (let at = 0; at < text.length; at++) consider(at);
  for (let least = pop(heap); least !== undefined; least = pop(heap)) {
    const at = least % PLACES;
    // What waits may be out of date: swallowed, or another pair by now.
    if (text[at] === undefined || rankAt(at) !== Math.floor(least / PLACES)) continue;
    const right = next[at]!;
    text[at] = text[at] + text[right]!;
    text[right] = undefined;
    next[at] = next[right]!;
    if (next[at]! < text.length) previous[next[at]!] = at;
    consider(at);
    if (previous[at]! >= 0) consider(previous[at]!);
  }
  return text.filter((symbol) => symbol !== undefined);
}

/** A waiting pair is one number, rank · PLACES + place: comparing numbers compares ranks, then places. */
const PLACES = 2 ** 30;

function push(heap: number[], value: number): void {
  let at = heap.length;
  for (; at > 0; at = (at - 1) >> 1) {
    const parent = heap[(at - 1) >> 1]!;
    if (parent <= value) break;
    heap[at] = parent;
  }
  heap[at] = value;
}

function pop(heap: number[]): number | undefined {
  const least = heap[0];
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return least;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= last) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return least;
}
