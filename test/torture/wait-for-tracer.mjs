// Loaded with `node --import` in front of the built command: loads the command's modules, says which
// threads there are, and waits until strace watches them. So all that strace counts is the
// command's own work, and it counts the main thread and the one that does file work apart. Names of new
// files and the time of day are the same in every run, so that calls can be told by their path.
import crypto from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { isMainThread } from 'node:worker_threads';

// Node loads it in the command's worker threads and in the processes that call ISA-L, too, which nobody watches.
if (isMainThread && process.argv[1] === process.env.TORTURE_COMMAND) {
  await waitForTracer();
  nameAlike();
  setClock(Number(process.env.TORTURE_NOW));
}

async function waitForTracer() {
  const { TORTURE_FOLDER, TORTURE_THREADS, TORTURE_COMMAND } = process.env;
  await import(new URL('program.js', `file://${TORTURE_COMMAND}`).href);
  const ids = { main: process.pid, pool: await poolThread() };
  const watched = TORTURE_THREADS.split(' ').map((name) => ids[name]);
  writeFileSync(`${TORTURE_FOLDER}/threads`, watched.join(' '));
  writeFileSync(`${TORTURE_FOLDER}/fifo`, `${watched.join(',')}\n`);
  for (const id of watched) while (!isTraced(id)) pause();
}

/** With UV_THREADPOOL_SIZE=1 there is one: that which waits where a pipe is read that nobody writes to. */
async function poolThread() {
  const pipe = await open(`${process.env.TORTURE_FOLDER}/pool`, 'r+');
  const reading = pipe.read(Buffer.alloc(1), 0, 1, null);
  const find = () => threads().find((id) => isWaitingFor(pipe.fd, id));
  let pool = find();
  while (pool === undefined) {
    pause();
    pool = find();
  }
  writeSync(pipe.fd, '.');
  await reading;
  await pipe.close();
  return pool;
}

/** Whether a thread waits in a system call whose first word is this descriptor. */
function isWaitingFor(descriptor, id) {
  const [, first] = readFileSync(`/proc/self/task/${id}/syscall`, 'utf8').split(' ');
  return first !== undefined && Number(first) === descriptor;
}

/** What is random in names counts. */
function nameAlike() {
  let count = 0;
  crypto.randomBytes = (size) => {
    count += 1;
    const bytes = Buffer.alloc(size);
    bytes.writeUInt32BE(count, size - 4);
    return bytes;
  };
  syncBuiltinESMExports();
}

/** The clock goes on from there. */
function setClock(milliseconds) {
  const RealDate = Date;
  const behind = RealDate.now() - milliseconds;
  globalThis.Date = class extends RealDate {
    constructor(...words) {
      if (words.length === 0) super(RealDate.now() - behind);
      else super(...words);
    }
    static now() {
      return RealDate.now() - behind;
    }
  };
}

function threads() {
  return readdirSync('/proc/self/task').map(Number);
}

function isTraced(id) {
  const status = readFileSync(`/proc/self/task/${id}/status`, 'utf8');
  return !/^TracerPid:\t0$/m.test(status);
}

/** Blocks for a millisecond. */
function pause() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
}
