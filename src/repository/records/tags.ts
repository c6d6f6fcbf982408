import * as v from 'valibot';
import { readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
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

export const TagFileSchema = v.object({ format: v.literal(1), tags: v.array(TagSchema) });

/** What somebody calls a restore point: it stays as long as it has a tag. */
export type Tag = v.InferOutput<typeof TagSchema>;

/** A name is a word in commands, in tables and in JSON. */
const TAG_NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

export function isTagName(text: string): boolean {
  return TAG_NAME.test(text);
}

/** The tags, in the order in which they were given; or the name of the file that has them, and can't be read. */
export type ReadTags =
  | { readonly kind: 'read'; readonly tags: readonly Tag[] }
  | { readonly kind: 'unread'; readonly fileName: string };

export async function readTags(store: Store): Promise<ReadTags> {
  const record = await readJsonRecord(store, FILE, TagFileSchema);
  switch (record.kind) {
    case 'absent':
      return { kind: 'read', tags: [] };
    case 'read':
      return { kind: 'read', tags: record.value.tags };
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
 */
export async function writeTags(
  store: Store,
  { tags, stamps }: { readonly tags: readonly Tag[]; readonly stamps: readonly Stamp[] },
): Promise<void> {
  const there = new Set<string>(stamps);
  const left = tags.filter(({ stamp }) => there.has(stamp));
  if (left.length > 0) await writeJsonRecord(store, FILE, { format: 1, tags: left });
  else await store.remove(FILE);
}
