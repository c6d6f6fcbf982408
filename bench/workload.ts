import { type Random, randomFrom } from '../src/demo/random.ts';
import { bodyText, title } from '../src/demo/text.ts';
import { oidFrom } from '../src/filestorage/oid.ts';
import type { PythonValue } from '../src/filestorage/pickle/pickle-encoder.ts';
import type { Microseconds } from '../src/filestorage/tid.ts';
import { type Change, DatabaseWriter } from '../src/filestorage/writer/database-writer.ts';
import { reference } from '../src/filestorage/writer/object-state.ts';

/** What the objects of a Data.fs hold: pages with small images; only images, which nothing makes smaller; nearly nothing. */
export type DataKind = 'text' | 'incompressible' | 'small';

/** What is added. */
export interface Growth {
  readonly kind: DataKind;
  readonly bytes: number;
  /** When the first transaction is, in milliseconds since 1970, and each other one just behind it; absent: now. */
  readonly since?: number;
}

/** Bytes of text that are made once and cut differently for each object: making it costs most. */
const TEXT_POOL_BYTES = 8 << 20;

const ATTRIBUTES = 12;
const REFERENCES = 3;
const OBJECTS_PER_TRANSACTION = 40;
/** Of the objects of a Data.fs with text, the share that are images: gzip makes 60 % of it, as of a site with thumbnails. */
const IMAGES = 0.4;
/** Largest content of an object: on average 3.5 kB for each text, as in a Plone site of 1 GB; 30 kB for each image. */
const CONTENT_BYTES = { text: 6_000, incompressible: 60_000, small: 60 } as const;

/**
 * Adds transactions until a Data.fs has grown by `bytes`. Each object has a dozen attributes, three references to
 * older objects, and a text with the word frequencies of a language or random bytes as content.
 *
 * @returns how many objects the Data.fs has then
 */
export async function growWorkload(path: string, { kind, bytes, since }: Growth): Promise<number> {
  await using writer = await DatabaseWriter.open({
    path,
    now: () => (BigInt(since ?? Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const random = randomFrom(writer.committedEnd + 1);
  const pool = bodyText(random, Math.min(TEXT_POOL_BYTES, bytes));
  const content = (length: number) => {
    if (kind === 'incompressible' || (kind === 'text' && random.next() < IMAGES))
      return random.bytes(length);
    const start = random.below(Math.max(1, pool.length - length));
    return pool.slice(start, start + length);
  };
  const end = writer.committedEnd + bytes;
  while (writer.committedEnd < end) {
    const changes = Array.from(
      { length: 1 + random.below(OBJECTS_PER_TRANSACTION) },
      (): Change => {
        const oid = writer.newOid();
        const data = attributes(random, writer.objectCount);
        data.set('body', content(random.below(CONTENT_BYTES[kind])));
        return { kind: 'state', oid, state: { kind: 'mapping', data } };
      },
    );
    await writer.commit({ user: 'bench', description: '/site/page', changes });
  }
  return writer.objectCount;
}

function attributes(random: Random, objectCount: number): Map<string, PythonValue> {
  const data = new Map<string, PythonValue>([['title', title(random)]]);
  for (let count = 0; count < ATTRIBUTES; count++) {
    const value = [random.below(100_000), title(random), null][count % 3] ?? null;
    data.set(`attribute_${count}`, value);
  }
  for (let count = 0; count < REFERENCES; count++) {
    const target = random.below(Math.max(1, objectCount));
    data.set(`related_${count}`, reference('mapping', oidFrom(target)));
  }
  return data;
}
