import { join } from 'node:path';
import * as v from 'valibot';
import type { Store } from '../../stores/store.ts';
import { Failure } from '../../system/failure.ts';
import { collectSmall } from '../../system/streams/pipeline.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.hold.json';

const HoldRecordSchema = v.object({
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
  return join(store.name, FILE);
}

/** Undefined where there is none; `unreadable` for one that this version can't read. */
export async function readHoldRecord(store: Store): Promise<HoldRecord | 'unreadable' | undefined> {
  try {
    return decodeHoldRecord((await collectSmall(store.read(FILE))).toString());
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    if (error.code === 'not-found') return undefined;
    if (['usage', 'damaged'].includes(error.code)) return 'unreadable';
    throw error;
  }
}

/** `unreadable` where the text is none of ours, or of a later version. */
export function decodeHoldRecord(text: string): HoldRecord | 'unreadable' {
  try {
    const { source, folder } = v.parse(HoldRecordSchema, JSON.parse(text));
    return { source, folder };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof v.ValiError) return 'unreadable';
    throw error;
  }
}

/** The caller holds the repository's lock. @param record - undefined: nothing is lost */
export async function settleHoldRecord(
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
  const text = `${JSON.stringify({ format: 1, source, folder }, undefined, 1)}\n`;
  await using file = await store.stage(FILE, [Buffer.from(text)]);
  await file.publish();
}
