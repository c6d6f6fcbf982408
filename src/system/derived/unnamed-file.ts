import { randomBytes } from 'node:crypto';
import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, withSystemErrors } from '../failure.ts';
import { handleSource, type OpenedSource } from '../files/byte-source.ts';
import { requireRoomFor } from '../files/free-space.ts';
import { writeAll } from '../files/write-all.ts';

/**
 * Writes a file that is nobody else's, to be read again: it has no name from the beginning, so that the system removes
 * it when it is closed, or this process ends in whatever way.
 *
 * @param folder - on the disk that takes it
 * @param sizeBytes - that it will have, at most; undefined: nobody knows. Failure `system` where there is no room for
 *   so many, `damaged` where there are more
 */
export async function writeUnnamedFile(
  content: AsyncIterable<Uint8Array>,
  {
    folder,
    name,
    sizeBytes,
  }: { readonly folder: string; readonly name: string; readonly sizeBytes: number | undefined },
): Promise<OpenedSource> {
  const path = join(folder, `.${randomBytes(8).toString('hex')}.zodbvault-tmp`);
  await requireRoomFor([{ path, bytes: sizeBytes ?? 0 }]);
  const handle = await withSystemErrors(`create a file in "${folder}"`, async () => {
    const opened = await open(path, 'wx+', 0o600);
    try {
      await unlink(path);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  });
  try {
    let written = 0;
    for await (const chunk of content) {
      if (sizeBytes !== undefined && written + chunk.length > sizeBytes)
        throw tooLong(name, sizeBytes);
      const position = written;
      await withSystemErrors(`write into "${folder}"`, () => writeAll(handle, chunk, position));
      written += chunk.length;
    }
    return handleSource(handle, { name, sizeBytes: written });
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function tooLong(name: string, sizeBytes: number): Failure {
  return new Failure('damaged', `Cannot unpack "${name}": it holds more than ${sizeBytes} bytes`, {
    hint: 'The file is damaged; bring it back from a copy.',
  });
}
