import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dataIn } from './holes.ts';

/**
 * Writes all bytes, also where the kernel takes them in parts.
 *
 * @param position - offset in the file
 */
export async function writeAll(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const place = position + written;
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, place);
    written += bytesWritten;
  }
}

/** The same, but whole blocks of zeros are not written. */
export async function writeWithHoles(
  handle: FileHandle,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (const { start, end } of dataIn(bytes, position)) {
    await writeAll(handle, bytes.subarray(start, end), position + start);
  }
}

/** Writes all bytes at the place where the file is, without waiting. */
export function writeAllSync(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written);
  }
}

/** The same as {@link writeWithHoles}, without waiting. */
export function writeWithHolesSync(file: number, bytes: Uint8Array, position: number): void {
  for (const { start, end } of dataIn(bytes, position)) {
    for (let at = start; at < end; ) {
      at += writeSync(file, bytes, at, end - at, position + at);
    }
  }
}
