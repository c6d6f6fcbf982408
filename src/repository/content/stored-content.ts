import type { Store } from '../../stores/store.ts';
import { decompress } from '../../system/streams/gzip/decompress.ts';
import type { DataFile } from '../layout/catalogue.ts';

/** The bytes of a Data.fs that a data file holds, held against nothing. Failure `damaged` where gzip notices something. */
export function storedContent(store: Store, file: DataFile): AsyncIterable<Uint8Array> {
  const stored = store.read(file.name);
  return file.isGzip ? decompress(stored, file.name) : stored;
}
