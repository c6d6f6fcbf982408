import * as v from 'valibot';
import { describeRun } from '../../../system/locks/lock-record.ts';
import { parseJson } from '../../../system/parse-json.ts';
import { ProcessIdentitySchema } from '../../../system/processes/process-identity.ts';

const Moment = v.pipe(v.string(), v.isoTimestamp());

const LeaseRecordSchema = v.object({
  format: v.literal(1),
  state: v.picklist(['held', 'free']),
  /** Random, of each holder: two runs of one process have two. */
  owner: v.string(),
  /** Grows with each record under the key, so that no two of them are equal: S3 gives equal bytes one version. */
  counter: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** What the holder does, for people. */
  command: v.string(),
  process: ProcessIdentitySchema,
  /** By the clock of the store, as all moments of a record. */
  since: Moment,
  /** When somebody else may take it; absent where it doesn't run out. */
  expires: v.optional(Moment),
});

/** What stands in the object that is the lock of a copy: one line of JSON. */
export type LeaseRecord = v.InferOutput<typeof LeaseRecordSchema>;

/** Its whole text: what has another one is no record of a lease. */
export function encodeLeaseRecord(record: LeaseRecord): Uint8Array {
  return Buffer.from(`${JSON.stringify(record)}\n`);
}

/** Undefined for what this version can't read. */
export function decodeLeaseRecord(bytes: Uint8Array): LeaseRecord | undefined {
  return parseJson(Buffer.from(bytes).toString(), LeaseRecordSchema);
}

/** Who holds, or held, a lock. @param nowMs - by the clock of the store */
export function describeLeaseHolder(
  { command, process, since }: LeaseRecord,
  nowMs: number,
): string {
  return describeRun({ command, pid: process.pid, host: process.host, since }, new Date(nowMs));
}
