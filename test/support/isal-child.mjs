// In place of the process that calls ISA-L: zlib does its work, until a request at which it misbehaves.
// usage: node isal-child.mjs FAULT REQUEST
import { randomBytes, randomInt } from 'node:crypto';
import { closeSync, readSync, writeSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

const [fault, request] = process.argv.slice(2);

const FAULTS = {
  exits: () => process.exit(1),
  'is killed': () => process.kill(process.pid, 'SIGKILL'),
  'is killed within an answer': (gzipped) => {
    answer(gzipped.length, gzipped.subarray(0, gzipped.length >> 1));
    process.kill(process.pid, 'SIGKILL');
  },
  hangs,
  'says a length and then hangs': (gzipped) => {
    answer(gzipped.length, Buffer.alloc(0));
    hangs();
  },
  'closes its output and then hangs': () => {
    closeSync(1);
    hangs();
  },
  'writes bytes by chance': () => write(randomBytes(randomInt(1, 100_000))),
  'writes answers by chance': () => {
    for (let count = 0; count < 20; count++) {
      const bytes = randomBytes(randomInt(1, 100_000));
      answer(bytes.length, bytes);
    }
  },
  'says that it failed': () => answer(0, Buffer.alloc(0)),
  'says a length beyond all answers': (gzipped) => answer(0xffff_ffff, gzipped),
  'answers twice': (gzipped) => {
    answer(gzipped.length, gzipped);
    answer(gzipped.length, gzipped);
  },
  'answers noise': (gzipped) => answer(gzipped.length, Buffer.alloc(gzipped.length, 0xa5)),
  'answers one byte': () => answer(1, Buffer.alloc(1)),
  'answers for other content': () => answerWith(gzipSync('other content')),
  'answers with a wrong checksum': (gzipped) => answerWith(changed(gzipped, -8)),
  'answers with a wrong length of the content': (gzipped) => answerWith(changed(gzipped, -4)),
  'answers with another header': (gzipped) => answerWith(changed(gzipped, 3)),
};

for (let count = 0; ; count++) {
  const content = read(read(4).readUInt32LE());
  const gzipped = gzipSync(content);
  if (count === Number(request)) FAULTS[fault](gzipped);
  else answerWith(gzipped);
}

function answerWith(gzipped) {
  answer(gzipped.length, gzipped);
}

function answer(length, bytes) {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(length);
  write(Buffer.concat([header, bytes]));
}

function write(bytes) {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(1, bytes, offset);
}

function hangs() {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

function changed(gzipped, place) {
  const copy = Buffer.from(gzipped);
  const index = (place + copy.length) % copy.length;
  copy[index] ^= 1;
  return copy;
}

function read(length) {
  const bytes = Buffer.alloc(length);
  for (let offset = 0; offset < length; ) {
    const count = readSync(0, bytes, offset, length - offset, null);
    if (count === 0) process.exit(0);
    offset += count;
  }
  return bytes;
}
