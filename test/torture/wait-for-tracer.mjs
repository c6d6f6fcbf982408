// Loaded with `node --import` in front of the built command: loads the command's modules, says which
// threads there are, and waits until strace watches them. So all that strace counts is the
// command's own work, and it counts the main thread and the one that does file work apart. Names of new
// files and the time of day are the same in every run, so that calls can be told by their path.
import crypto from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
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
  const cell = new Int32Array(new SharedArrayBuffer(4));
  for (const id of watched) while (!isTraced(id)) Atomics.wait(cell, 0, 0, 1);
}

/** With UV_THREADPOOL_SIZE=1 there is one: that which has work to wait for when files are looked at. */
async function poolThread() {
  const before = waitsOfThreads();
  for (let count = 0; count < 50; count++) await stat('/');
  const [busiest] = [...waitsOfThreads()]
    .filter(([id]) => id !== process.pid)
    .map(([id, waits]) => ({ id, more: waits - (before.get(id) ?? 0) }))
    .sort((a, b) => b.more - a.more);
  return busiest.id;
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

function waitsOfThreads() {
  return new Map(
    readdirSync('/proc/self/task').map((id) => [
      Number(id),
      Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(statusOf(id))[1]),
    ]),
  );
}

function isTraced(id) {
  return !/^TracerPid:\t0$/m.test(statusOf(id));
}

function statusOf(id) {
  return readFileSync(`/proc/self/task/${id}/status`, 'utf8');
}
