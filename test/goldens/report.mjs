// @ts-check

/** @typedef {import("./run.mjs").Row} Row */

const [CASE, ENTRY, ERROR, TOLERANCE] = [20, 52, 11, 20];

/** A row of the table: entry → worst error → tolerance → verdict. @param {Row} row */
export function line({ case: id, entry, what, worst, share = 0, atol, rtol, passed, needs, absent, error }) {
  const start = `${fit(id, CASE)} ${fit(what === undefined ? entry : `${entry} (${what})`, ENTRY)}`;
  if (absent) return `${start} ${"".padEnd(ERROR + TOLERANCE + 7)}  ${notHere(needs)}`;
  if (needs !== undefined) return `${start} ${"".padEnd(ERROR + TOLERANCE + 7)}  waits for: ${needs}`;
  if (error !== undefined) return `${start} MISSED: ${error}`;
  const tolerance = atol === 0 && rtol === 0 ? "exact" : `${short(atol)} + ${short(rtol)}·|x|`;
  const percent = `${Number.isFinite(share) ? Math.ceil(share * 100) : "∞"} %`;
  return `${start} ${short(worst).padStart(ERROR)}  ${tolerance.padEnd(TOLERANCE)} ${percent.padStart(5)}  ${passed ? "passed" : "MISSED"}`;
}

/** @param {string | undefined} needs */
const notHere = (needs) => (needs === undefined ? "not in this set" : `not in this set; waits for: ${needs}`);

/** What passed, what missed and what waits for which capability, case by case. @param {readonly Row[]} rows */
export function summary(rows) {
  const lines = ["", `${fit("case", CASE)} passed missed waiting  worst share of a tolerance`];
  for (const [id, own] of grouped(rows)) {
    if (own[0]?.absent) {
      lines.push(`${fit(id, CASE)} ${notHere(own[0].needs)}`);
      continue;
    }
    const count = (/** @type {(row: Row) => boolean} */ test) => String(own.filter(test).length);
    const shares = own.flatMap(({ share }) => (share === undefined ? [] : [share]));
    const share = shares.length > 0 ? `${Math.ceil(Math.max(...shares) * 100)} %` : "";
    const passed = count((row) => row.passed === true).padStart(6);
    const missed = count((row) => row.passed === false).padStart(6);
    lines.push(`${fit(id, CASE)} ${passed} ${missed} ${count((row) => row.needs !== undefined).padStart(7)}  ${share}`);
  }
  const awaited = new Set(rows.flatMap(({ needs }) => needs ?? []));
  if (awaited.size > 0) lines.push("", `waiting for: ${[...awaited].sort().join(", ")}`);
  const total = (/** @type {(row: Row) => boolean | undefined} */ test) => rows.filter(test).length;
  const missed = total(({ passed }) => passed === false);
  const waiting = total(({ needs, absent }) => needs !== undefined && !absent);
  const absent = total((row) => row.absent);
  lines.push(
    "",
    `${total(({ passed }) => passed)} passed, ${missed} missed, ${waiting} waiting` +
      (absent > 0 ? `; ${absent} cases are not in this set` : ""),
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
