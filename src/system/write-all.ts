import { writeSync } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';

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

/** The same at the place where the file is, without waiting. */
export function writeAllSync(file: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(file, bytes, written);
  }
}
