import { type Random, randomFrom } from '../src/demo/random.ts';
import { bodyText, title } from '../src/demo/text.ts';
import { oidFrom } from '../src/filestorage/oid.ts';
import type { PythonValue } from '../src/filestorage/pickle/pickle-encoder.ts';
import type { Microseconds } from '../src/filestorage/tid.ts';
import { type Change, DatabaseWriter } from '../src/filestorage/writer/database-writer.ts';
import { reference } from '../src/filestorage/writer/object-state.ts';

/** Bytes of text that are made once and cut differently for each object: making it costs most. */
const TEXT_POOL_BYTES = 8 << 20;

/**
 * Adds transactions until a Data.fs has grown by `bytes`: half of them text as pages have it, half
 * incompressible as images have it; objects of 1 to 60 kB, a few in each transaction.
 */
export async function growWorkload(path: string, bytes: number): Promise<void> {
  await using writer = await DatabaseWriter.open({
    path,
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const random = randomFrom(writer.committedEnd + 1);
  const pool = bodyText(random, Math.min(TEXT_POOL_BYTES, bytes));
  const end = writer.committedEnd + bytes;
  while (writer.committedEnd < end) {
    const changes = Array.from({ length: 1 + random.below(8) }, (): Change => {
      const data = new Map([
        ['title', title(random)],
        ['body', content(random, pool)],
      ]);
      return { kind: 'state', oid: writer.newOid(), state: { kind: 'mapping', data } };
    });
    await writer.commit({ user: 'bench', description: '/site/page', changes });
  }
}

const ATTRIBUTES = 12;
const REFERENCES = 3;
const SMALL_OBJECTS_PER_TRANSACTION = 40;

/**
 * The same with objects of some 1.2 kB, as most of a site's are: a dozen attributes, some text, three
 * references to older objects.
 */
export async function growSmallObjects(path: string, bytes: number): Promise<void> {
  await using writer = await DatabaseWriter.open({
    path,
    now: () => (BigInt(Date.now()) * 1000n) as Microseconds,
    sync: 'on-close',
  });
  const random = randomFrom(writer.committedEnd + 1);
  const pool = bodyText(random, Math.min(TEXT_POOL_BYTES, bytes));
  while (writer.committedEnd < bytes) {
    const changes = Array.from({ length: SMALL_OBJECTS_PER_TRANSACTION }, (): Change => {
      const oid = writer.newOid();
      const data = new Map<string, PythonValue>([['title', title(random)]]);
      for (let count = 0; count < ATTRIBUTES; count++) {
        data.set(
          `attribute_${count}`,
          [random.below(100_000), title(random), null][count % 3] ?? null,
        );
      }
      const start = random.below(Math.max(1, pool.length - 1200));
      data.set('text', pool.slice(start, start + random.below(1200)));
      for (let count = 0; count < REFERENCES; count++) {
        const target = random.below(Math.max(1, writer.objectCount));
        data.set(`related_${count}`, reference('mapping', oidFrom(target)));
      }
      return { kind: 'state', oid, state: { kind: 'mapping', data } };
    });
    await writer.commit({ user: 'bench', description: '/site/page', changes });
  }
}

function content(random: Random, pool: string): string | Uint8Array {
  const length = 1000 + random.below(59_000);
  if (random.below(2) === 0) return random.bytes(length);
  const start = random.below(Math.max(1, pool.length - length));
  return pool.slice(start, start + length);
}
