import { open, readFile } from 'node:fs/promises';
import { MAGIC_BYTES, RECORD_HEADER_BYTES } from '../src/filestorage/format.ts';
import { oidFrom } from '../src/filestorage/oid.ts';
import { scanTransactions } from '../src/filestorage/scan-transactions.ts';
import type { Microseconds } from '../src/filestorage/tid.ts';
import { type Change, DatabaseWriter } from '../src/filestorage/writer/database-writer.ts';
import { reference } from '../src/filestorage/writer/object-state.ts';
import { openFileSource } from '../src/system/files/byte-source.ts';
import { type DataKind, growWorkload } from './workload.ts';

/** Of what is made object by object; the rest of the file repeats it. */
const SEED_BYTES = 100e6;
/** One object of so many is changed once more, into a folder of those behind it. */
const FOLDER_OBJECTS = 64;
/** Of a transaction, so that none of a bench is from a time to come. */
const YEAR_AGO = 365 * 86_400_000;
/** A reference: the opcode and the length of an oid, whose first four bytes are zeros. */
const REFERENCE = Buffer.from([0x43, 8, 0, 0, 0, 0]);

/** What is in a Data.fs. */
export interface HugeDataFs {
  readonly objectCount: number;
  /** Records of which a later one of the same object exists. */
  readonly supersededCount: number;
}

/**
 * Makes a Data.fs of many GB as fast as the disk takes it: what is made first is repeated, each time with other oids,
 * later transactions and its own references. The root leads to every object.
 */
export async function makeHugeDataFs(
  path: string,
  { bytes, kind }: { readonly bytes: number; readonly kind: DataKind },
): Promise<HugeDataFs> {
  const since = Date.now() - YEAR_AGO;
  await growWorkload(path, { kind, bytes: Math.min(SEED_BYTES, bytes), since });
  const objects = await addFolders(path, since);
  const seed = await readFile(path);
  const places = await findPlaces(path, { seed, objects });
  const repetitions = Math.max(1, Math.round(bytes / seed.length));
  await repeat(path, { seed, places, objects, repetitions });
  await using writer = await openWriter(path, Date.now());
  const roots = Array.from({ length: repetitions - 1 }, (_, row) => objects * (row + 1));
  const folders = foldersAmong(objects);
  await writer.commit({
    changes: [folder(0, [...folders.slice(1), ...roots, ...siblings(0, objects)])],
  });
  return {
    objectCount: writer.objectCount,
    supersededCount: repetitions * folders.length + 1,
  };
}

/** Makes each object reachable from the root. Returns how many there are. */
async function addFolders(path: string, since: number): Promise<number> {
  await using writer = await openWriter(path, since);
  const objects = writer.objectCount;
  const [root, ...others] = foldersAmong(objects);
  if (root === undefined) throw new RangeError('a Data.fs without objects');
  await writer.commit({
    changes: [
      folder(root, [...others, ...siblings(root, objects)]),
      ...others.map((first) => folder(first, siblings(first, objects))),
    ],
  });
  return objects;
}

function openWriter(path: string, since: number): Promise<DatabaseWriter> {
  return DatabaseWriter.open({
    path,
    now: () => (BigInt(since) * 1000n) as Microseconds,
    sync: 'on-close',
  });
}

function foldersAmong(objects: number): readonly number[] {
  return Array.from(
    { length: Math.ceil(objects / FOLDER_OBJECTS) },
    (_, row) => row * FOLDER_OBJECTS,
  );
}

function siblings(first: number, objects: number): readonly number[] {
  const end = Math.min(objects, first + FOLDER_OBJECTS);
  return Array.from({ length: Math.max(0, end - first - 1) }, (_, row) => first + row + 1);
}

function folder(oid: number, members: readonly number[]): Change {
  const data = new Map(
    members.map((member) => [`${member}`, reference('mapping', oidFrom(member))] as const),
  );
  return { kind: 'state', oid: oidFrom(oid), state: { kind: 'mapping', data } };
}

/** Where the bytes stand that are others in each repetition; offsets in the file. */
interface Places {
  /** Of tids: 8 bytes. */
  readonly tids: readonly number[];
  /** Of positions in the file: 8 bytes. */
  readonly positions: readonly number[];
  /** Of the last four bytes of oids. */
  readonly oids: readonly number[];
  /** Between the first transaction and what may follow the last one. */
  readonly minutes: number;
}

async function findPlaces(
  path: string,
  { seed, objects }: { readonly seed: Buffer; readonly objects: number },
): Promise<Places> {
  const tids: number[] = [];
  const positions: number[] = [];
  const oids: number[] = [];
  await using source = await openFileSource(path);
  await scanTransactions(source, {
    from: MAGIC_BYTES,
    visitor: {
      pickle: (pickle, { position }) => {
        const bytes = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.length);
        for (let at = bytes.indexOf(REFERENCE); at >= 0; at = bytes.indexOf(REFERENCE, at + 1)) {
          if (at + 10 <= bytes.length && bytes.readUInt32BE(at + 6) < objects)
            oids.push(position + RECORD_HEADER_BYTES + at + 6);
        }
      },
      transaction: ({ header, records }) => {
        tids.push(header.position);
        for (let row = 0; row < records.count; row++) {
          const position = records.position(row);
          oids.push(position + 4);
          tids.push(position + 8);
          if (records.previous(row) !== 0) positions.push(position + 16);
          positions.push(position + 24);
        }
      },
    },
  });
  const [first = 0, last = 0] = [tids[0], tids.at(-1)].map((at) => seed.readUInt32BE(at));
  return { tids, positions, oids, minutes: last - first + 1 };
}

/** Writes the seed so many times in all; the first time stands there. */
async function repeat(
  path: string,
  {
    seed,
    places: { tids, positions, oids, minutes },
    objects,
    repetitions,
  }: {
    readonly seed: Buffer;
    readonly places: Places;
    readonly objects: number;
    readonly repetitions: number;
  },
): Promise<void> {
  const transactions = seed.subarray(MAGIC_BYTES);
  const moved = BigInt(transactions.length);
  await using file = await open(path, 'a');
  for (let count = 1; count < repetitions; count++) {
    for (const at of tids) seed.writeUInt32BE(seed.readUInt32BE(at) + minutes, at);
    for (const at of positions) seed.writeBigUInt64BE(seed.readBigUInt64BE(at) + moved, at);
    for (const at of oids) seed.writeUInt32BE(seed.readUInt32BE(at) + objects, at);
    await file.appendFile(transactions);
  }
  await file.sync();
}
