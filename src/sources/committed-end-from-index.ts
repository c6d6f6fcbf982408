import {
  type CommittedEnd,
  findCommittedEnd,
  isTransactionBoundary,
} from '../filestorage/committed-end.ts';
import { MAGIC_BYTES } from '../filestorage/format.ts';
import { IndexDecoder } from '../filestorage/index/index-decoder.ts';
import { Failure } from '../system/failure.ts';
import { type FileSource, openFileSource } from '../system/files/byte-source.ts';

/**
 * The committed end of a whole file: walked from the position that Data.fs.index tells, if a
 * transaction ends there. The bytes in front of it are walked while they are backed up.
 */
export async function committedEndFromIndex(source: FileSource): Promise<CommittedEnd> {
  const position = await readIndexPosition(`${source.path}.index`);
  const isUsable =
    position !== undefined &&
    position <= source.sizeBytes &&
    (await isTransactionBoundary(source, position));
  return findCommittedEnd(source, isUsable ? position : MAGIC_BYTES);
}

/** The index begins with its position; a missing or broken one has none. */
async function readIndexPosition(path: string): Promise<number | undefined> {
  try {
    await using index = await openFileSource(path);
    const decoder = new IndexDecoder();
    decoder.feed(await index.read({ start: 0, end: Math.min(64, index.sizeBytes) }));
    return decoder.position;
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
