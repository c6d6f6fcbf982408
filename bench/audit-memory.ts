import type { AuditedLog } from '../src/filestorage/audit/audited-log.ts';
import { LogAudit } from '../src/filestorage/audit/log-audit.ts';
import { LogExplanation } from '../src/filestorage/audit/log-explanation.ts';
import { OidIndex } from '../src/filestorage/index/oid-index.ts';
import { oidFrom } from '../src/filestorage/oid.ts';
import type { Tid } from '../src/filestorage/tid.ts';
import { encodeObjectState, reference } from '../src/filestorage/writer/object-state.ts';
import { encodeTransaction } from '../src/filestorage/writer/transaction-encoder.ts';
import { atOnce } from '../src/system/streams/cooperative.ts';

/**
 * Measures what an audit keeps in memory for each object: the difference of what is in use when it has
 * read a log of objects with three references each, and when it has read none. Run it with
 * `node --expose-gc --import tsx bench/audit-memory.ts [OBJECTS]`.
 */
const OBJECTS = Number(process.argv[2] ?? 2_000_000);
const PER_TRANSACTION = 100;
const REFERENCES = 3;

/** Transaction after transaction, the same each time: the log itself is never in memory. */
function* log(seen?: (oid: number, position: number) => void): Generator<Uint8Array> {
  yield Buffer.from('FS30');
  let position = 4;
  for (let first = 0; first < OBJECTS; first += PER_TRANSACTION) {
    const oids = Array.from({ length: PER_TRANSACTION }, (_, number) => first + number);
    const records = oids.map((oid) => {
      const data = new Map(
        Array.from({ length: REFERENCES }, (_, number) => {
          const target = (oid * (number + 7) + 1) % OBJECTS;
          return [`r${number}`, reference('mapping', oidFrom(target))] as const;
        }),
      );
      const bytes = encodeObjectState({ kind: 'mapping', data });
      return { oid: oidFrom(oid), previous: 0, data: { kind: 'pickle', bytes } } as const;
    });
    const nothing = new Uint8Array(0);
    const strings = { user: nothing, description: nothing, extension: nothing };
    const tid = BigInt(first + 1) as Tid;
    const encoded = encodeTransaction({ tid, status: ' ', ...strings, records }, position);
    for (const [row, place] of encoded.recordPositions.entries()) seen?.(first + row, place);
    position += encoded.bytes.length;
    yield encoded.bytes;
  }
}

function bytesInUse(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function report(what: string, bytes: number): void {
  process.stdout.write(`${what}: ${(bytes / OBJECTS).toFixed(1)} bytes per object\n`);
}

/** What the first reading leaves to the second; the rest of what it had is free again. */
function readOnce(): { readonly audited: AuditedLog; readonly sizeBytes: number } {
  const atStart = bytesInUse();
  let sizeBytes = 0;
  const known = new OidIndex();
  const learn = (oid: number, position: number) =>
    known.set(Math.floor(oid / 65536), oid % 65536, position);
  for (const chunk of log(learn)) sizeBytes += chunk.length;
  const audit = new LogAudit({ name: 'log', sizeBytes, known, sample: { kind: 'all' } });
  for (const chunk of log()) audit.feed(chunk);
  report('first reading', bytesInUse() - atStart);
  const audited = atOnce(audit.finish());
  atOnce(audited.sums.finish());
  return { audited: { ...audited, dangling: 'some' }, sizeBytes };
}

const atStart = bytesInUse();
const { audited, sizeBytes } = readOnce();
const explanation = new LogExplanation({ name: 'log', sizeBytes, audited, drafts: [] });
for (const chunk of log()) explanation.feed(chunk);
report('second reading, to its end', bytesInUse() - atStart);
process.stdout.write(
  `${atOnce(explanation.finish()).length} findings in ${audited.index.size} objects\n`,
);
