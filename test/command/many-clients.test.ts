import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { randomFrom } from '../../src/demo/random.ts';
import { type Oid, ROOT_OID } from '../../src/filestorage/oid.ts';
import type { PlainData } from '../../src/filestorage/pickle/plain/plain-data.ts';
import { openLiveLog } from '../../src/operations/run/live-log.ts';
import { openState } from '../../src/states/open-state.ts';
import { frameMessage } from '../../src/zeo/framing.ts';
import { type OpenedSite, openSite } from '../support/opened-site.ts';
import { scratchFolder } from '../support/scratch.ts';
import { newSite } from '../support/site.ts';
import { connectTo, pickled, type RawClient, registeredAt } from '../support/zeo-client.ts';

const scratch = scratchFolder();
const CLIENTS = 1000;
const LOADS = 20;
const NEWEST = Buffer.alloc(8, 0xff);
/** Beside what the server takes without clients. */
const MOST_BYTES_PER_CLIENT = 200_000;
const AT_A_TIME = 50;

type ClientKind = 'good' | 'slow' | 'broken';
const kindOf = (number: number): ClientKind =>
  number % 10 === 3 ? 'slow' : number % 10 === 7 ? 'broken' : 'good';

it('a thousand clients at once get right answers, beside slow and broken ones', async () => {
  const { opened, expected } = await openNewSite();
  const before = peakOf(opened);
  const numbers = Array.from({ length: CLIENTS }, (_, number) => number);
  const clients = await Promise.all(numbers.map(() => connectTo(opened.address)));
  await Promise.all(
    clients.map(async (client, number) => {
      await client.next();
      client.send('Z5');
      client.call(0, 'register', '1', true);
      if (kindOf(number) === 'broken') client.sendBytes(conversation().subarray(0, number));
      if (kindOf(number) === 'slow') askWithoutReading(client);
      else await client.reply();
    }),
  );
  await Promise.all(
    clients.map(async (client, number) => {
      if (kindOf(number) === 'broken') client.socket.destroy();
      if (kindOf(number) === 'good') await loadAll(client, { expected, seed: number });
    }),
  );
  expect(peakOf(opened) - before).toBeLessThan(CLIENTS * MOST_BYTES_PER_CLIENT);
  for (const client of clients) client.socket.destroy();
  await expectLeft(opened);
  const last = await registeredAt(opened.address);
  await loadAll(last, { expected, seed: CLIENTS });
  expect((await opened.stop()).status).toBe(0);
});

describe('a client that sends', () => {
  it('a conversation that ends at any byte is left alone when it has gone', async () => {
    const { opened, expected } = await openNewSite();
    const all = conversation();
    await expectServedOn(opened, {
      expected,
      inputs: Array.from({ length: all.length }, (_, end) => all.subarray(0, end)),
    });
  });

  it('messages in any order, twice, or none of some is answered or cut off', async () => {
    const { opened, expected } = await openNewSite();
    const random = randomFrom(19);
    const inputs = Array.from({ length: 600 }, () =>
      Buffer.concat(
        Array.from({ length: 1 + random.below(2 * MESSAGES.length) }, () =>
          framed(MESSAGES[random.below(MESSAGES.length)] ?? REGISTER),
        ),
      ),
    );
    await expectServedOn(opened, { expected, inputs });
  });

  it('another length than its message has, or any other opcode, is answered or cut off', async () => {
    const { opened, expected } = await openNewSite();
    const begin = Buffer.concat([framed(Buffer.from('Z5')), framed(REGISTER)]);
    const lengths = [0, 1, 5, 1 << 20, 64 << 20, (64 << 20) + 1, 2 ** 31, 2 ** 32 - 1];
    const ofOtherLength = lengths.map((length) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(length);
      return Buffer.concat([begin, bytes, LOAD]);
    });
    const ofOtherOpcode = Array.from({ length: 256 }, (_, opcode) =>
      [Buffer.from([opcode]), Buffer.from([0x80, 3, opcode, 0x2e])].map((message) =>
        Buffer.concat([begin, framed(message), framed(LOAD)]),
      ),
    ).flat();
    await expectServedOn(opened, { expected, inputs: [...ofOtherLength, ...ofOtherOpcode] });
  });
});

const call = (id: number, method: string, ...args: readonly PlainData[]) =>
  pickled([id, false, method, args]);
const REGISTER = call(0, 'register', '1', true);
const LOAD = call(1, 'loadBefore', Buffer.alloc(8), NEWEST);

/** What a client sends in its life, and what none may. */
const MESSAGES: readonly Buffer[] = [
  Buffer.from('Z5'),
  REGISTER,
  LOAD,
  call(2, 'get_info'),
  call(3, 'history', Buffer.alloc(8), 5),
  call(4, 'undoInfo', 0, -20, new Map()),
  call(5, 'iterator_start', null, null),
  call(6, 'iterator_next', 0),
  call(7, 'record_iternext', null),
  call(8, 'sendBlob', Buffer.alloc(8), Buffer.alloc(8)),
  pickled([-1, 0, '.reply', null]),
];

const framed = (message: Uint8Array) => frameMessage(message);
const conversation = () => Buffer.concat(MESSAGES.map(framed));

/** The data of each object, as it stands in the Data.fs. */
type Expected = ReadonlyMap<Oid, Uint8Array>;

async function openNewSite() {
  const site = await newSite(scratch);
  await site.runWell('backup', '--no-blobs');
  await using state = await openState(await openLiveLog(site.dataFs), {
    findBlob: async () => undefined,
  });
  const expected = new Map<Oid, Uint8Array>();
  for (const oid of state.oids()) {
    const found = await state.load(oid);
    if (found !== undefined) expected.set(oid, found.data);
  }
  return { opened: await openSite(site.folder), expected };
}

async function loadAll(
  client: RawClient,
  { expected, seed }: { readonly expected: Expected; readonly seed: number },
): Promise<void> {
  const random = randomFrom(seed);
  const oids = [...expected.keys()];
  for (let count = 1; count <= LOADS; count++) {
    const oid = oids[random.below(oids.length)] ?? ROOT_OID;
    const name = Buffer.alloc(8);
    name.writeBigUInt64BE(oid);
    client.call(count, 'loadBefore', name, NEWEST);
    const [id, , , value] = await client.reply();
    const data = Array.isArray(value) ? (value[0] as Uint8Array) : undefined;
    const isRight = data !== undefined && Buffer.compare(data, expected.get(oid) ?? NEWEST) === 0;
    expect([id, oid, isRight]).toEqual([count, oid, true]);
  }
}

/** Asks for more than the buffers on the way hold. */
function askWithoutReading(client: RawClient): void {
  client.socket.pause();
  for (let id = 0; id < 200; id++) client.send(call(id, 'undoLog', 0, 100));
}

/** Whatever bytes clients send, the server ends with each of them, and others are served meanwhile and after. */
async function expectServedOn(
  opened: OpenedSite,
  { expected, inputs }: { readonly expected: Expected; readonly inputs: readonly Buffer[] },
): Promise<void> {
  const good = await registeredAt(opened.address);
  for (let from = 0; from < inputs.length; from += AT_A_TIME) {
    const some = inputs.slice(from, from + AT_A_TIME);
    await Promise.all([
      ...some.map((input) => talk(opened, input)),
      loadAll(good, { expected, seed: from }),
    ]);
  }
  good.socket.destroy();
  await expectLeft(opened);
  // With a warning where somebody has asked for a blob that there is not.
  expect([0, 3]).toContain((await opened.stop()).status);
}

/** Sends bytes, says that these were all, and reads until the server has closed the connection. */
async function talk({ address }: OpenedSite, input: Buffer): Promise<void> {
  const client = await connectTo(address);
  client.socket.end(input);
  while ((await client.next()) !== undefined);
}

/** All clients are gone for the server, too. */
async function expectLeft({ address }: OpenedSite): Promise<void> {
  for (;;) {
    const client = await connectTo(address);
    client.send('ruok');
    await client.next();
    const status = JSON.parse((await client.next())?.toString() ?? '');
    if (status[1].connections === 0) return;
    await pause(50);
  }
}

/** Most memory that the server has had, in bytes. */
function peakOf({ pid }: OpenedSite): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
