import type { Asset, AssetFilter, AssetPlace, Assets, EndedJob } from "../assets/asset.js";
import type { Database } from "./database.js";
import type { Writer } from "./writer.js";

interface AssetRow {
  readonly id: string;
  readonly user: string;
  readonly hash: string | null;
  readonly bytes: number;
  readonly type: string;
  readonly name: string;
  readonly tags: string;
  readonly created_at: number;
  readonly folder: AssetPlace["folder"];
  readonly file: string;
  readonly job: string | null;
  readonly node: string | null;
}

const COLUMNS = "id, user, hash, bytes, type, name, tags, created_at, folder, file, job, node";

/** Jobs whose assets are made in one go. */
const ENDED_AT_ONCE = 100;

/** Assets on one SQLite file. */
export function sqliteAssets(database: Database, { write }: Writer): Assets {
  const rows = (sql: string, ...binds: readonly (string | number)[]): Asset[] =>
    database.all<AssetRow>(`SELECT ${COLUMNS} FROM assets WHERE ${sql}`, ...binds).map(toAsset);
  return {
    add: (assets) =>
      write(() => {
        for (const asset of assets) insert(database, asset);
      }),
    get: (id) => rows("id = ?", id)[0],
    some: (ids) => rows("id IN (SELECT value FROM json_each(?))", JSON.stringify(ids)),
    list: (filter) => {
      const { where, binds } = condition(filter);
      return rows(`${where} ORDER BY seq DESC LIMIT ? OFFSET ?`, ...binds, filter.limit ?? -1, filter.offset ?? 0);
    },
    count: (filter) => {
      const { where, binds } = condition(filter);
      return database.all<{ n: number }>(`SELECT count(*) AS n FROM assets WHERE ${where}`, ...binds)[0]!.n;
    },
    setHash: async (id, hash) => {
      await write(() => database.run("UPDATE assets SET hash = ? WHERE id = ?", hash, id));
    },
    remove: (id) =>
      write(() => {
        const [gone] = database.all<AssetRow>(`DELETE FROM assets WHERE id = ? RETURNING ${COLUMNS}`, id);
        if (gone === undefined) return { removed: false };
        // What jobs made stays in its folder; an upload's file belongs to its records alone.
        if (gone.job !== null || gone.folder !== "input") return { removed: true };
        const used = database.all("SELECT 1 FROM assets WHERE job IS NULL AND file = ? LIMIT 1", gone.file);
        return used.length > 0 ? { removed: true } : { removed: true, unused: gone.file };
      }),
    ended: (user) =>
      database.all<EndedJob>(
        `SELECT id, ended FROM jobs INDEXED BY jobs_over WHERE user = ?1
         AND ended > coalesce((SELECT ended FROM assets_seen WHERE user = ?1), -1) ORDER BY ended LIMIT ?2`,
        user,
        ENDED_AT_ONCE,
      ),
    noted: async (user, { ended }) => {
      const sql =
        "INSERT INTO assets_seen (user, ended) VALUES (?, ?) ON CONFLICT (user) DO UPDATE SET ended = excluded.ended";
      await write(() => database.run(sql, user, ended));
    },
  };
}

function insert(database: Database, asset: Asset): void {
  const { place, source } = asset;
  database.run(
    `INSERT INTO assets (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
    asset.id,
    asset.user,
    asset.hash ?? null,
    asset.bytes,
    asset.type,
    asset.name,
    JSON.stringify(asset.tags),
    asset.createdAt,
    place.folder,
    place.folder === "text" ? place.text : place.file,
    source?.job ?? null,
    source?.node ?? null,
  );
}

function toAsset(row: AssetRow): Asset {
  const { folder, file, job, node } = row;
  return {
    id: row.id,
    user: row.user,
    ...(row.hash !== null && { hash: row.hash }),
    bytes: row.bytes,
    type: row.type,
    name: row.name,
    tags: JSON.parse(row.tags) as string[],
    createdAt: row.created_at,
    place: folder === "text" ? { folder, text: file } : { folder, file },
    ...(job !== null && { source: { job, node: node! } }),
  };
}

/** The WHERE of a filter. Values are bound, never written into the text. */
function condition({ user, job, hash, tag }: AssetFilter): { where: string; binds: string[] } {
  const parts = ["user = ?"];
  const binds = [user];
  for (const [sql, value] of [
    ["job = ?", job],
    ["hash = ?", hash],
    ["EXISTS (SELECT 1 FROM json_each(tags) WHERE value = ?)", tag],
  ] as const) {
    if (value === undefined) continue;
    parts.push(sql);
    binds.push(value);
  }
  return { where: parts.join(" AND "), binds };
}
