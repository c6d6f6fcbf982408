import * as v from 'valibot';
import { readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { Store } from '../../stores/store.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.hold.json';

export const HoldRecordSchema = v.object({
  format: v.literal(1),
  /** The live blob directory, which has lost some. */
  source: v.string(),
  /** The folder with its backups, which have them. */
  folder: v.string(),
});

/**
 * Where to look whether the live site still lacks blobs that older backups have: for those who know of no
 * blobs, and would remove what is old. It is there from the backup that has seen the loss to the one that has seen
 * its end.
 */
export type HoldRecord = Omit<v.InferOutput<typeof HoldRecordSchema>, 'format'>;

export function holdRecordPath(store: Store): string {
  return store.nameOf(FILE);
}

/** Undefined where there is none; `unreadable` for one that this version can't read. */
export async function readHoldRecord(store: Store): Promise<HoldRecord | 'unreadable' | undefined> {
  const record = await readJsonRecord(store, FILE, HoldRecordSchema);
  switch (record.kind) {
    case 'absent':
      return undefined;
    case 'no-file':
    case 'unreadable':
      return 'unreadable';
    case 'read': {
      const { source, folder } = record.value;
      return { source, folder };
    }
    default:
      return record satisfies never;
  }
}

/** The caller holds the repository's lock. @param record - undefined: nothing is lost */
export async function updateHoldRecord(
  store: Store,
  record: HoldRecord | undefined,
): Promise<void> {
  const there = await readHoldRecord(store);
  if (record === undefined) {
    if (there !== undefined) await store.remove(FILE);
    return;
  }
  const { source, folder } = record;
  if (typeof there === 'object' && there.source === source && there.folder === folder) return;
  await writeJsonRecord(store, FILE, { format: 1, source, folder });
}
