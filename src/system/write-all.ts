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
