import * as v from 'valibot';
import type { Fingerprint } from '../../filestorage/fingerprint/fingerprint.ts';
import { formatTid, parseTid, type Tid, ZERO_TID } from '../../filestorage/tid.ts';
import { readJsonRecord, writeJsonRecord } from '../../stores/json-record.ts';
import type { RememberingStore } from '../../stores/remembering-store.ts';
import type { Store } from '../../stores/store.ts';
import type { RestorePoint } from '../restore-point.ts';

/** A file in the repository; no pattern of repozo matches it. */
const FILE = '.zodbvault.fingerprints.json';

const TidSchema = v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/));
const Count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));

const FingerprintSchema = v.object({
  /** Of the last backup that the state takes. */
  stamp: v.string(),
  /** Of the last transaction of the state. */
  tid: TidSchema,
  /** The last transaction that a pack has marked; zeros: there is none. */
  packed: TidSchema,
  sum: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
  objects: Count,
  reachable: v.optional(
    v.object({ sum: v.pipe(v.string(), v.regex(/^[0-9a-f]{16}$/)), objects: Count }),
  ),
});

export const FingerprintsSchema = v.object({
  format: v.literal(1),
  fingerprints: v.pipe(v.array(FingerprintSchema), v.readonly()),
});

type StoredFingerprint = v.InferOutput<typeof FingerprintSchema>;

/** Of a restore point, or of a moment within a backup. */
export interface PointFingerprint {
  readonly stamp: string;
  readonly fingerprint: Fingerprint;
}

/**
 * What was found out about a state when all of it was read; undefined: nobody has read it, or what was written can't be
 * read.
 */
export async function readFingerprint(
  store: Store,
  { stamp, lastTid }: Pick<RestorePoint, 'stamp' | 'lastTid'>,
): Promise<Fingerprint | undefined> {
  if (lastTid === undefined) return undefined;
  const tid = formatTid(lastTid);
  const found = (await readAll(store)).find((one) => one.stamp === stamp && one.tid === tid);
  return found && decode(found);
}

/**
 * Remembers a fingerprint in place of an earlier one of the same state, and forgets those of restore points that are
 * gone. Failure `system` where nothing can be written.
 *
 * @param stamps - of the restore points that are there
 */
export async function rememberFingerprint(
  store: RememberingStore,
  { stamp, fingerprint }: PointFingerprint,
  stamps: ReadonlySet<string>,
): Promise<void> {
  store.forget(FILE); // Others look into it without a lock, too.
  const added = encode(stamp, fingerprint);
  const others = (await readAll(store)).filter(
    (one) => stamps.has(one.stamp) && (one.stamp !== stamp || one.tid !== added.tid),
  );
  const fingerprints = [...others, added];
  await writeJsonRecord(store, FILE, { format: 1, fingerprints });
}

async function readAll(store: Store): Promise<readonly StoredFingerprint[]> {
  const record = await readJsonRecord(store, FILE, FingerprintsSchema);
  return record.kind === 'read' ? record.value.fingerprints : [];
}

function encode(
  stamp: string,
  { tid, packed, sum, objects, reachable }: Fingerprint,
): StoredFingerprint {
  const tids = { tid: formatTid(tid), packed: formatTid(packed) };
  return { stamp, ...tids, sum, objects, ...(reachable && { reachable }) };
}

function decode({ tid, packed, sum, objects, reachable }: StoredFingerprint): Fingerprint {
  return { sum, objects, reachable, tid: tidOf(tid), packed: tidOf(packed) };
}

function tidOf(digits: string): Tid {
  return parseTid(digits) ?? ZERO_TID;
}
