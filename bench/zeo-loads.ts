import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { randomFrom } from '../src/demo/random.ts';
import { decodePlain } from '../src/filestorage/pickle/plain/decode-plain.ts';
import { encodePlain } from '../src/filestorage/pickle/plain/encode-plain.ts';
import type { PlainData } from '../src/filestorage/pickle/plain/plain-data.ts';
import { frameMessage, MessageReader } from '../src/zeo/framing.ts';

/**
 * Starts a ZEO server at a Unix socket, loads objects of it at random, each when the one before has come, and prints what
 * that took as JSON: the seconds of the loads, how long the server was busy, and its largest resident memory. With no
 * loads: the seconds from its start until a first object came.
 *
 * Usage: zeo-loads.ts SOCKET FIRST_OID OIDS LOADS WARM_LOADS PROGRAM WORDS...
 */
const [socketPath = '', ...rest] = process.argv.slice(2);
const [firstOid = 0, oidCount = 1, loadCount = 1, warmCount = 0] = rest.slice(0, 4).map(Number);
const [program = '', ...words] = rest.slice(4);

const started = process.hrtime.bigint();
const server = spawn(program, words, { stdio: 'ignore' });
const ended = once(server, 'close');
try {
  const socket = await connected();
  const call = callerAt(socket);
  await call('register', ['1', true]);
  const random = randomFrom(1);
  const load = async () => {
    const oid = Buffer.alloc(8);
    oid.writeBigUInt64BE(BigInt(firstOid + random.below(oidCount)));
    const reply = await call('loadBefore', [oid, Buffer.alloc(8, 0xff)]);
    if (reply[2] !== '.reply') throw new Error(`no object ${oid.toString('hex')}`);
  };
  for (let count = 0; count < warmCount; count++) await load();
  const busyBefore = busySecondsOf(server.pid);
  const since = process.hrtime.bigint();
  for (let count = 0; count < loadCount; count++) await load();
  if (loadCount === 0) await load();
  const seconds = Number(process.hrtime.bigint() - (loadCount === 0 ? started : since)) / 1e9;
  process.stdout.write(
    `${JSON.stringify({ seconds, peakBytes: peakOf(server.pid), busySeconds: busySecondsOf(server.pid) - busyBefore })}\n`,
  );
  socket.destroy();
} finally {
  server.kill('SIGTERM');
  await ended;
}

async function connected(): Promise<Socket> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`the server ended with ${server.exitCode}`);
    if (existsSync(socketPath)) {
      const socket = connect(socketPath);
      const isConnected = await new Promise<boolean>((resolve) => {
        socket.once('connect', () => resolve(true));
        socket.once('error', () => resolve(false));
      });
      if (isConnected) return socket;
    }
    await pause(5);
  }
}

/** Agrees on the protocol, and calls one method after the other. */
function callerAt(socket: Socket) {
  const messages = messagesOf(socket);
  const next = async () => (await messages.next()).value ?? Buffer.of();
  let id = 0;
  const greeted = next().then(() => socket.write(frameMessage(Buffer.from('Z5'))));
  return async (method: string, args: readonly PlainData[]): Promise<readonly PlainData[]> => {
    await greeted;
    id += 1;
    const message = encodePlain([id, false, method, args], { mostBytes: 1 << 20 });
    socket.write(frameMessage(message));
    return decodePlain(await next()) as readonly PlainData[];
  };
}

async function* messagesOf(socket: Socket): AsyncGenerator<Buffer, undefined> {
  const reader = new MessageReader();
  for await (const chunk of socket) yield* reader.feed(chunk as Buffer);
}

/** Time of processors that it has had; a tick is 10 ms. */
function busySecondsOf(pid: number | undefined): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  return (Number(fields?.[11]) + Number(fields?.[12])) / 100;
}

function peakOf(pid: number | undefined): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}
