import type { ByteRange, OpenedSource } from '../../system/files/byte-source.ts';
import { memorySource } from '../../system/files/byte-source.ts';
import type { ToldOfFile } from '../store.ts';

/** A file that a view shows: stored in the copy, or made of what a record says. */
export interface ShownFile {
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  readonly told?: ToldOfFile | undefined;
  read(range?: ByteRange): AsyncIterable<Uint8Array>;
  open(): Promise<OpenedSource>;
}

/** One that is made of what a record says. @param path - how messages call it */
export function derivedFile(
  content: Uint8Array,
  { path, modifiedMs }: { readonly path: string; readonly modifiedMs: number },
): ShownFile {
  const source = memorySource(content, path);
  const { sizeBytes } = source;
  return {
    sizeBytes,
    modifiedMs,
    read: ({ start, end } = { start: 0, end: sizeBytes }) => source.stream({ start, end }),
    open: async () => ({ ...source, [Symbol.asyncDispose]: async () => {} }),
  };
}
