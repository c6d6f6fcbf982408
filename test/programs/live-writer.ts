/**
 * A server in small: commits objects and blobs without pause until it is told to stop, votes and aborts
 * now and then, and packs if it is asked to.
 *
 * Usage: tsx live-writer.ts DATA_FS GENERATIONS pack|no-pack
 *
 * Before each pack, and at the end, the Data.fs gets a second name in the folder GENERATIONS: every
 * state that it ever had is a prefix of one of them. Stops at SIGTERM.
 */
import { linkSync } from 'node:fs';
import { join } from 'node:path';
import { randomFrom } from '../../src/demo/random.ts';
import { bodyText } from '../../src/demo/text.ts';
import type { Change } from '../../src/filestorage/writer/database-writer.ts';
import { openDatabase } from '../support/database.ts';
import { packDatabase } from '../support/pack.ts';

const PACK_EVERY = 150;

const [dataFs = '', generations = '', packing = ''] = process.argv.slice(2);
const random = randomFrom(42);
let isStopped = false;
process.on('SIGTERM', () => {
  isStopped = true;
});

let writer = await openDatabase(dataFs);
const oids = Array.from({ length: 50 }, () => writer.newOid());
const blobs = Array.from({ length: 20 }, () => writer.newOid());
process.stdout.write('ready\n');
let generation = 0;
for (let commits = 1; !isStopped; commits++) {
  const changes = Array.from({ length: 1 + random.below(5) }, (): Change => {
    const data = new Map([['text', bodyText(random, 200 + random.below(4000))]]);
    const oid = oids[random.below(oids.length)] ?? writer.newOid();
    return { kind: 'state', oid, state: { kind: 'mapping', data } };
  });
  if (random.below(4) === 0) {
    const oid = blobs[random.below(blobs.length)] ?? writer.newOid();
    changes.push({ kind: 'blob', oid, content: random.bytes(random.below(20_000)) });
  }
  const voted = await writer.vote({ user: 'live', description: `commit ${commits}`, changes });
  if (random.below(10) === 0) await pause(random.below(20));
  if (random.below(20) === 0) await voted.abort();
  else await voted.finish();
  if (packing === 'pack' && commits % PACK_EVERY === 0) {
    await writer.close();
    keepGeneration();
    await packDatabase(dataFs);
    writer = await openDatabase(dataFs);
  }
}
await writer.close();
keepGeneration();

/** A pack renames another file over the Data.fs; this name keeps the one that it was. */
function keepGeneration(): void {
  linkSync(dataFs, join(generations, `${++generation}.fs`));
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
