import * as v from 'valibot';
import { encodeJsonRecord, readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';
import type { Stamp } from '../layout/stamp.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.tags.json';

const TagSchema = v.object({
  /** Of the restore point. */
  stamp: v.string(),
  name: v.string(),
  /** When somebody gave it: ISO 8601, UTC. */
  at: v.string(),
});

export const TagFileSchema = v.object({
  format: v.literal(1),
  tags: v.array(TagSchema),
  /** Tags that were removed, the last ones: copies of the restore points may still have them. */
  taken: v.optional(v.array(TagSchema)),
});

/** Removed tags that are remembered. */
const MOST_TAKEN = 1000;

/** What somebody calls a restore point: it stays as long as it has a tag. */
export type Tag = v.InferOutput<typeof TagSchema>;

/** A name is a word in commands, in tables and in JSON. */
const TAG_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

export function isTagName(text: string): boolean {
  return TAG_NAME.test(text);
}

/** The tags, in the order in which they were given; or the name of the file that has them, and can't be read. */
export type ReadTags =
  | { readonly kind: 'read'; readonly tags: readonly Tag[]; readonly taken: readonly Tag[] }
  | { readonly kind: 'unread'; readonly fileName: string };

export async function readTags(store: Store): Promise<ReadTags> {
  const record = await readJsonRecord(store, FILE, TagFileSchema);
  switch (record.kind) {
    case 'absent':
      return { kind: 'read', tags: [], taken: [] };
    case 'read':
      return { kind: 'read', tags: record.value.tags, taken: record.value.taken ?? [] };
    case 'no-file':
    case 'unreadable':
      return { kind: 'unread', fileName: FILE };
    default:
      return record satisfies never;
  }
}

/** The name of the file with the tags where nobody can read it: nothing old goes then. */
export async function findUnreadTags(store: Store): Promise<string | undefined> {
  const read = await readTags(store);
  return read.kind === 'unread' ? read.fileName : undefined;
}

/** The names that restore points have; none where nobody can read them. */
export async function tagsByStamp(store: Store): Promise<ReadonlyMap<string, readonly string[]>> {
  const read = await readTags(store);
  const names = new Map<string, readonly string[]>();
  for (const { stamp, name } of read.kind === 'read' ? read.tags : []) {
    names.set(stamp, [...(names.get(stamp) ?? []), name]);
  }
  return names;
}

/**
 * Writes the tags of the restore points that are there. The caller holds the repository's lock.
 *
 * @param stamps - of these points
 * @param taken - tags that were removed, in the order in which they were; none where there are no copies
 */
export async function writeTags(
  store: Store,
  {
    tags,
    taken,
    stamps,
  }: {
    readonly tags: readonly Tag[];
    readonly taken: readonly Tag[];
    readonly stamps: readonly Stamp[];
  },
): Promise<void> {
  const there = new Set<string>(stamps);
  const left = tags.filter(({ stamp }) => there.has(stamp));
  if (left.length === 0 && taken.length === 0) return await store.remove(FILE);
  const record = { format: 1, tags: left };
  const kept = taken.slice(-MOST_TAKEN);
  await writeJsonRecord(store, FILE, kept.length === 0 ? record : { ...record, taken: kept });
}

/** Whether two are the same tag of the same restore point. */
export function isSameTag(one: Omit<Tag, 'at'>, other: Omit<Tag, 'at'>): boolean {
  return one.stamp === other.stamp && one.name === other.name;
}

/** The file with the tags of a repository, as a copy shows it; undefined where there are none. */
export function fileOfTags(
  tags: readonly Tag[],
): { readonly name: string; readonly content: Uint8Array } | undefined {
  if (tags.length === 0) return undefined;
  return { name: FILE, content: encodeJsonRecord({ format: 1, tags }) };
}
