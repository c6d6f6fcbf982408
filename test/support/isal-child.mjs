// In place of the process that calls ISA-L: zlib does its work, until a request at which it misbehaves.
// usage: node isal-child.mjs FAULT REQUEST
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { answer, answerRequests, write } from './library-child.mjs';

const [fault, request] = process.argv.slice(2);

const FAULTS = {
  exits: () => process.exit(1),
  'is killed': () => process.kill(process.pid, 'SIGKILL'),
  'is killed within an answer': (gzipped) => {
    answer(gzipped.subarray(0, gzipped.length >> 1), gzipped.length);
    process.kill(process.pid, 'SIGKILL');
  },
  hangs,
  'says a length and then hangs': (gzipped) => {
    answer(Buffer.alloc(0), gzipped.length);
    hangs();
  },
  'closes its output and then hangs': () => {
    closeSync(1);
    hangs();
  },
  'writes bytes by chance': () => write(randomBytes(randomInt(1, 100_000))),
  'writes answers by chance': () => {
    for (let count = 0; count < 20; count++) {
      answer(randomBytes(randomInt(1, 100_000)));
    }
  },
  'says that it failed': () => answer(Buffer.alloc(0)),
  'says a length beyond all answers': (gzipped) => answer(gzipped, 0xffff_ffff),
  'answers twice': (gzipped) => {
    answer(gzipped);
    answer(gzipped);
  },
  'answers noise': (gzipped) => answer(Buffer.alloc(gzipped.length, 0xa5)),
  'answers one byte': () => answer(Buffer.alloc(1)),
  'answers for other content': () => answer(gzipSync('other content')),
  'answers with a wrong checksum': (gzipped) => answer(changed(gzipped, -8)),
  'answers with a wrong length of the content': (gzipped) => answer(changed(gzipped, -4)),
  'answers with another header': (gzipped) => answer(changed(gzipped, 3)),
};

answerRequests((content, count) => {
  const gzipped = gzipSync(content);
  if (count === Number(request)) FAULTS[fault](gzipped);
  else answer(gzipped);
});

function hangs() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function changed(gzipped, place) {
  const copy = Buffer.from(gzipped);
  const index = (place + copy.length) % copy.length;
  copy[index] ^= 1;
  return copy;
}
