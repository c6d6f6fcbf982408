/*
 * Loaded into the command before anything else (see `slowDisk`): each read of a file takes so long that
 * there is time to look at what is on the screen, and to press keys; and ten seconds between two lines of
 * progress are over sooner. Nothing is computed meanwhile.
 */
import fs from 'node:fs';
import { open } from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

const { SLOW_READ_MS: slow = '0', LINE_MS: line = '' } = process.env;

const handle = await open('/dev/null');
const prototype = Object.getPrototypeOf(handle);
await handle.close();
const { read } = prototype;
prototype.read = async function (...words) {
  await new Promise((resolve) => setTimeout(resolve, Number(slow)));
  return read.apply(this, words);
};

const readByCallback = fs.read;
fs.read = Object.defineProperties((...words) => {
  setTimeout(() => readByCallback(...words), Number(slow));
}, Object.getOwnPropertyDescriptors(readByCallback));

const { readSync } = fs;
const waiting = new Int32Array(new SharedArrayBuffer(4));
fs.readSync = (...words) => {
  Atomics.wait(waiting, 0, 0, Number(slow) / 5);
  return readSync(...words);
};
syncBuiltinESMExports();

const { setInterval } = globalThis;
globalThis.setInterval = (work, time, ...words) =>
  setInterval(work, line === '' ? time : Number(line), ...words);
