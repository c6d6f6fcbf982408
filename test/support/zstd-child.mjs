// In place of the process that calls zstd's library to make frames: it knows the frame of one content, and misbehaves at
// the second request.
// usage: node zstd-child.mjs FAULT
import { readSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const KNOWN_FRAME = Buffer.from('KLUv/QRYSQAAem9kYnZhdWx0huM6PA==', 'base64');
const [fault] = process.argv.slice(2);

const FAULTS = {
  exits: () => process.exit(1),
  'is killed': () => process.kill(process.pid, 'SIGKILL'),
  'says that it failed': () => write(lengthOf(0)),
  'says a length beyond all answers': () => write(lengthOf(0xffff_ffff)),
  'answers less than a checksum': () => answer(Buffer.alloc(3)),
  'answers for other content': () => answerFor('zodbvault'),
  'answers noise behind the right checksum': (content) =>
    answer(Buffer.concat([lengthOf(crc32(content)), Buffer.alloc(100, 0xa5)])),
};

for (let count = 0; ; count++) {
  const content = read(read(4).readUInt32LE());
  if (count === 0) answerFor(content);
  else FAULTS[fault](content);
}

function answerFor(content) {
  answer(Buffer.concat([lengthOf(crc32(content)), KNOWN_FRAME]));
}

function answer(bytes) {
  write(Buffer.concat([lengthOf(bytes.length), bytes]));
}

function lengthOf(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function write(bytes) {
  for (let offset = 0; offset < bytes.length; ) offset += writeSync(1, bytes, offset);
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
