import type { AuditedLog } from '../filestorage/audit/audited-log.ts';
import type { Fingerprint } from '../filestorage/fingerprint/fingerprint.ts';
import { digestOf, nameOfObject } from '../filestorage/fingerprint/object-digest.ts';
import { type Oid, oidFromParts } from '../filestorage/oid.ts';
import { RecordFollower } from '../filestorage/pickle/record-follower.ts';
import type { ReferenceFinder } from '../filestorage/pickle/reference-finder.ts';
import { dataOf, readStoredRecord } from '../filestorage/records/read-record.ts';
import { Failure } from '../system/failure.ts';
import type { ByteSource, OpenedSource } from '../system/files/byte-source.ts';
import { cooperatively, giveWay } from '../system/streams/cooperative.ts';

/**
 * The fingerprint of the state with which a log ends that was audited; undefined where it is not known, as where the log
 * is damaged. What was undone, and points back to its data, is read once more.
 *
 * @param open - gives the log, to be read at random
 */
export async function fingerprintOfAudited(
  log: AuditedLog,
  open: () => Promise<OpenedSource>,
): Promise<Fingerprint | undefined> {
  if (!log.isWhole) log.sums.giveUp();
  const pointing = log.sums.isWhole ? [...currentPointing(log)] : [];
  if (pointing.length > 0) {
    try {
      await using source = await open();
      await addPointing(log, { source, pointing });
    } catch (error) {
      // Such as no room to unpack: a verification can do without.
      if (!(error instanceof Failure)) throw error;
      log.sums.giveUp();
    }
  }
  return cooperatively(log.sums.finish());
}

/** A current record that points back to its data. */
interface CurrentPointing {
  readonly oid: Oid;
  readonly position: number;
  readonly dataPosition: number;
}

function* currentPointing({ index, pointing }: AuditedLog): Generator<CurrentPointing> {
  for (const { oidHigh, oidLow, position, dataPosition } of pointing) {
    if (dataPosition === 0 || index.at(oidHigh, oidLow) !== position) continue;
    yield { oid: oidFromParts(oidHigh, oidLow), position, dataPosition };
  }
}

async function addPointing(
  { sums }: AuditedLog,
  {
    source,
    pointing,
  }: { readonly source: ByteSource; readonly pointing: readonly CurrentPointing[] },
): Promise<void> {
  const follower = new RecordFollower();
  // Members of gzip are read once, each for all that it holds.
  const inOrder = pointing.toSorted((one, other) => one.dataPosition - other.dataPosition);
  for (const { oid, position, dataPosition } of inOrder) {
    await giveWay();
    const { tid } = await readStoredRecord(source, { oid, position });
    const { content } = await readStoredRecord(source, { oid, position: dataPosition });
    const data = await dataOf(source, { oid, content });
    if (data === undefined) throw new RangeError('what points back has data');
    sums.add(
      { high: Number(oid >> 16n), low: Number(oid & 0xffffn) },
      { digest: digestOf(nameOfObject(oid, tid), data), references: referencesIn(data, follower) },
    );
  }
}

/** Undefined where they can't be followed. */
function referencesIn(data: Uint8Array, follower: RecordFollower): ReferenceFinder | undefined {
  try {
    return follower.follow(data, 'references').kind === 'followed' ? follower.found : undefined;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
