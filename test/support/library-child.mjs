// What a process that calls a library says and is told, for those in place of one: each piece of bytes behind its length.
import { readSync, writeSync } from 'node:fs';

/** Gives each request to a function, with its number from 0 on, until there are no more. */
export function answerRequests(answerOne) {
  for (let count = 0; ; count++) answerOne(read(read(4).readUInt32LE()), count);
}

/** @param length - what is said of the bytes; by default, how many there are */
export function answer(bytes, length = bytes.length) {
  write(Buffer.concat([lengthOf(length), bytes]));
}

export function lengthOf(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function write(bytes) {
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
