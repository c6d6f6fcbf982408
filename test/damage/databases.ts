import { createHash } from 'node:crypto';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LogProblem } from '../../src/filestorage/audit/finding.ts';
import { encodeIndex } from '../../src/filestorage/index/index-encoder.ts';
import { OidIndex } from '../../src/filestorage/index/oid-index.ts';
import { TransactionScanner } from '../../src/filestorage/scanner.ts';
import { encodeObjectState } from '../../src/filestorage/writer/object-state.ts';
import { type BuiltRecord, LogBuilder, tidNumber } from '../support/log-builder.ts';
import { type DamageCase, lose } from './damage-case.ts';
import { NEWEST, type Place } from './healthy-sites.ts';

/** A log that was damaged before it was backed up, and what must be said of it. */
interface DamagedLog {
  readonly name: string;
  readonly bytes: Buffer;
  readonly problem: LogProblem;
}

const KIND = 'database, damaged before its backup';

/** Databases that no checksum complains of: they are as they were when they were backed up. */
export function databaseDamages(): readonly (DamageCase & { readonly backedUp: Buffer })[] {
  return [...wrongRecords(), ...wrongPickles(), ...wrongBytes()].map(
    ({ name, bytes, problem }) => ({
      kind: KIND,
      name,
      site: 'plain',
      damage: (place: Place) => writeRepository(place, bytes),
      names: () => `:"${problem}"`, // A finding is an object, or JSON, which calls it a code.
      restore: 'equal',
      backedUp: bytes,
    }),
  );
}

function wrongRecords(): readonly DamagedLog[] {
  const make = (
    name: string,
    problem: LogProblem,
    build: (log: LogBuilder, first: readonly number[]) => void,
  ): DamagedLog => {
    const log = new LogBuilder();
    const first = log.add([
      { oid: 0, refersTo: [1, 2] },
      { oid: 1, refersTo: [] },
      { oid: 2, refersTo: [] },
    ]);
    build(log, first);
    return { name, problem, bytes: log.bytes() };
  };
  return [
    make('a reference to an object that is not there', 'reference', (log) => {
      log.add([{ oid: 1, refersTo: [0xbad] }]);
    }),
    make('a reference to an object of which the creation is undone', 'reference', (log) => {
      log.add([{ oid: 1, refersTo: [3] }]);
      log.add([{ oid: 3, refersTo: [] }]);
      log.add([{ oid: 3, backTo: 0 }]);
    }),
    make('a reference that an undo brought back', 'reference', (log) => {
      const [at = 0] = log.add([{ oid: 1, refersTo: [0xbad] }]);
      log.add([{ oid: 1, refersTo: [] }]);
      log.add([{ oid: 1, backTo: at }]);
    }),
    make('no previous pointer', 'previous-pointer', (log) => {
      log.add([{ oid: 1, refersTo: [], previous: 0 }]);
    }),
    make('a previous pointer to another object', 'previous-pointer', (log, [, , two = 0]) => {
      log.add([{ oid: 1, refersTo: [], previous: two }]);
    }),
    make(
      'a previous pointer into the middle of a record',
      'previous-pointer',
      (log, [, one = 0]) => {
        log.add([{ oid: 1, refersTo: [], previous: one + 5 }]);
      },
    ),
    make('a previous pointer where nothing was before', 'previous-pointer', (log, [, one = 0]) => {
      log.add([
        { oid: 1, refersTo: [3] },
        { oid: 3, refersTo: [], previous: one },
      ]);
    }),
    make(
      'a previous pointer to the one before the last',
      'previous-pointer',
      (log, [, one = 0]) => {
        log.add([{ oid: 1, refersTo: [2] }]);
        log.add([{ oid: 1, refersTo: [], previous: one }]);
      },
    ),
    make('a back pointer to where no record begins', 'back-pointer', (log, [, one = 0]) => {
      log.add([{ oid: 1, refersTo: [] }]);
      log.add([{ oid: 1, backTo: one + 1 }]);
    }),
    make('a back pointer to another object', 'back-pointer', (log, [, , two = 0]) => {
      log.add([{ oid: 1, refersTo: [] }]);
      log.add([{ oid: 1, backTo: two }]);
    }),
    make('a tid that falls', 'tid-order', (log) => {
      log.add([{ oid: 1, refersTo: [] }], { tid: tidNumber(-5) });
    }),
    make('a tid twice', 'tid-order', (log) => {
      log.add([{ oid: 1, refersTo: [] }], { tid: tidNumber(1) });
    }),
    make('a root of which the creation is undone', 'root', (log) => {
      log.add([{ oid: 0, backTo: 0 }]);
    }),
    {
      name: 'no root, which there was',
      problem: 'root',
      bytes: logOf([{ oid: 1, refersTo: [] }], 'initial database creation'),
    },
    {
      name: 'a blob without a file',
      problem: 'blob',
      bytes: logOf([
        { oid: 0, refersTo: [0xbb] },
        { oid: 0xbb, blob: true },
      ]),
    },
  ];
}

function logOf(records: readonly BuiltRecord[], description = '/site'): Buffer {
  const log = new LogBuilder();
  log.add(records, { description });
  return log.bytes();
}

function wrongPickles(): readonly DamagedLog[] {
  const good = Buffer.from(encodeObjectState({ kind: 'mapping', data: new Map([['a', 'b']]) }));
  const changed = (at: number, byte: number) => {
    const bytes = Buffer.from(good);
    bytes.writeUInt8(byte, at < 0 ? bytes.length + at : at);
    return bytes;
  };
  const pickles: readonly (readonly [name: string, pickle: Uint8Array])[] = [
    ['cut in the middle', good.subarray(0, good.length >> 1)],
    ['without its end', good.subarray(0, -1)],
    ['with the class alone', good.subarray(0, good.indexOf('.') + 1)],
    ['with an opcode that is none', changed(0, 0xff)],
    ['with a wrong end', changed(-1, 0)],
    ['of zeros', Buffer.alloc(20)],
    ['of garbage', Buffer.from('garbage, not a pickle')],
  ];
  return pickles.map(([name, pickle]) => ({
    name: `a pickle ${name}`,
    problem: 'pickle',
    bytes: logOf([
      { oid: 0, refersTo: [1] },
      { oid: 1, pickle },
    ]),
  }));
}

function wrongBytes(): readonly DamagedLog[] {
  const make = (
    name: string,
    edit: (bytes: Buffer, second: number) => Buffer | undefined,
    problem: LogProblem = 'structure',
  ): DamagedLog => {
    const log = new LogBuilder();
    log.add([
      { oid: 0, refersTo: [1] },
      { oid: 1, refersTo: [] },
    ]);
    const second = log.bytes().length;
    log.add([{ oid: 1, refersTo: [] }]);
    log.add([{ oid: 0, refersTo: [1] }]);
    const bytes = log.bytes();
    return { name, problem, bytes: edit(bytes, second) ?? bytes };
  };
  /** The first record of the second transaction. */
  const record = (bytes: Buffer, second: number) =>
    second +
    23 +
    bytes.readUInt16BE(second + 17) +
    bytes.readUInt16BE(second + 19) +
    bytes.readUInt16BE(second + 21);
  return [
    make('another magic', (bytes) => {
      bytes.write('FS99');
      return undefined;
    }),
    make('a transaction that is said to be shorter', (bytes, second) => {
      bytes.writeUInt32BE(bytes.readUInt32BE(second + 12) - 1, second + 12);
      return undefined;
    }),
    make('a transaction that is said to be longer than the file', (bytes, second) => {
      bytes.writeUInt32BE(0x7fffffff, second + 12);
      return undefined;
    }),
    make('another length behind a transaction', (bytes) => {
      bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1);
      return undefined;
    }),
    make('a status that is none', (bytes, second) => {
      bytes.write('x', second + 16);
      return undefined;
    }),
    make('a transaction in the middle that is not finished', (bytes, second) => {
      bytes.write('c', second + 16);
      return undefined;
    }),
    make('a user that is said to be longer than its transaction', (bytes, second) => {
      bytes.writeUInt16BE(0xffff, second + 17);
      return undefined;
    }),
    make('a record that is said to be longer than its transaction', (bytes, second) => {
      bytes.writeUInt32BE(0x00ffffff, record(bytes, second) + 38);
      return undefined;
    }),
    make('a record that is said to be in another transaction', (bytes, second) => {
      bytes.writeUInt32BE(4, record(bytes, second) + 28);
      return undefined;
    }),
    make('a record with a version', (bytes, second) => {
      bytes.writeUInt16BE(3, record(bytes, second) + 32);
      return undefined;
    }),
    make('the end of the last transaction missing', (bytes) => bytes.subarray(0, -9)),
    make('zeros behind the last transaction', (bytes) => Buffer.concat([bytes, Buffer.alloc(64)])),
    make(
      'a record of another tid than its transaction',
      (bytes, second) => {
        const at = record(bytes, second) + 15;
        bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
        return undefined;
      },
      'record-tid',
    ),
  ];
}

/** Writes a repository of one full backup, as repozo does, with the right sums and the right index. */
function writeRepository({ repository }: Place, bytes: Buffer): void {
  for (const name of readdirSync(repository)) lose(join(repository, name));
  const path = (ending: string) => join(repository, `${NEWEST}.${ending}`);
  const md5 = createHash('md5').update(bytes).digest('hex');
  writeFileSync(path('fs'), bytes);
  writeFileSync(path('dat'), `${path('fs')} 0 ${bytes.length} ${md5}\n`);
  const index = indexOf(bytes);
  writeFileSync(
    path('index'),
    Buffer.concat([...encodeIndex(index, { position: bytes.length, magic: 'FS30' })]),
  );
}

/** As far as it can be read. */
function indexOf(bytes: Buffer): OidIndex {
  const index = new OidIndex();
  const scanner = new TransactionScanner({
    name: 'Data.fs',
    start: 0,
    sizeBytes: bytes.length,
    visitor: { transaction: ({ records }) => index.apply(records) },
  });
  try {
    scanner.feed(bytes);
  } catch {
    // It is damaged: that is what it is for.
  }
  return index;
}
