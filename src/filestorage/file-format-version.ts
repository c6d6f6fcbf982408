import { Failure } from '../system/failure.ts';
import type { ByteSource } from '../system/files/byte-source.ts';
import { MAGIC_BYTES, type Magic } from './format.ts';

/**
 * The magic at the start of a Data.fs; undefined for an empty file, which is an empty database.
 * Failure `damaged` where the file is something else.
 */
export async function readMagic(source: ByteSource): Promise<Magic | undefined> {
  if (source.sizeBytes === 0) return undefined;
  const end = Math.min(source.sizeBytes, MAGIC_BYTES);
  const magic = Buffer.from(await source.read({ start: 0, end })).toString('latin1');
  if (magic === 'FS21' || magic === 'FS30') return magic;
  throw new Failure(
    'damaged',
    `Cannot read "${source.name}" as a Data.fs: it begins with ${JSON.stringify(magic)}, not with "FS30" or "FS21"`,
    { hint: 'Name the Data.fs of a FileStorage.' },
  );
}
