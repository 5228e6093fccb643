// @ts-check

/** @typedef {import("./run.mjs").Row} Row */

const [CASE, ENTRY, ERROR, TOLERANCE] = [20, 52, 11, 20];

/** A row of the table: entry → worst error → tolerance → verdict. @param {Row} row */
export function line({ case: id, entry, what, worst, share = 0, atol, rtol, passed, needs, error }) {
  const start = `${fit(id, CASE)} ${fit(what === undefined ? entry : `${entry} (${what})`, ENTRY)}`;
  if (needs !== undefined) return `${start} ${"".padEnd(ERROR + TOLERANCE + 7)}  waits for: ${needs}`;
  if (error !== undefined) return `${start} MISSED: ${error}`;
  const tolerance = atol === 0 && rtol === 0 ? "exact" : `${short(atol)} + ${short(rtol)}·|x|`;
  const percent = `${Number.isFinite(share) ? Math.ceil(share * 100) : "∞"} %`;
  return `${start} ${short(worst).padStart(ERROR)}  ${tolerance.padEnd(TOLERANCE)} ${percent.padStart(5)}  ${passed ? "passed" : "MISSED"}`;
}

/** What passed, what missed and what waits for which capability, case by case. @param {readonly Row[]} rows */
export function summary(rows) {
  const lines = ["", `${fit("case", CASE)} passed missed waiting  worst share of a tolerance`];
  for (const [id, own] of grouped(rows)) {
    const count = (/** @type {(row: Row) => boolean} */ test) => String(own.filter(test).length);
    const shares = own.flatMap(({ share }) => (share === undefined ? [] : [share]));
    const share = shares.length > 0 ? `${Math.ceil(Math.max(...shares) * 100)} %` : "";
    const passed = count((row) => row.passed === true).padStart(6);
    const missed = count((row) => row.passed === false).padStart(6);
    lines.push(`${fit(id, CASE)} ${passed} ${missed} ${count((row) => row.needs !== undefined).padStart(7)}  ${share}`);
  }
  const waiting = new Set(rows.flatMap(({ needs }) => needs ?? []));
  if (waiting.size > 0) lines.push("", `waiting for: ${[...waiting].sort().join(", ")}`);
  const missed = rows.filter(({ passed }) => passed === false).length;
  lines.push(
    "",
    `${rows.filter(({ passed }) => passed).length} passed, ${missed} missed, ${rows.filter(({ needs }) => needs).length} waiting`,
  );
  return lines.join("\n");
}

/** @param {readonly Row[]} rows @returns {Map<string, Row[]>} */
function grouped(rows) {
  const groups = new Map();
  for (const row of rows) groups.set(row.case, [...(groups.get(row.case) ?? []), row]);
  return groups;
}

/** @param {number | undefined} value */
const short = (value) => (value === undefined ? "" : value === 0 ? "0" : Number(value).toExponential(1));

/** @param {string} text @param {number} width */
const fit = (text, width) => (text.length > width ? `${text.slice(0, width - 1)}…` : text).padEnd(width);
