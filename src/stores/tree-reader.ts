import type { ByteRange, OpenedSource } from '../system/files/byte-source.ts';

/** Something in a tree. Its path is below the tree, with slashes; links are not followed. */
export type TreeEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly sizeBytes: number;
      /** Rights and kind, as `stat` has them. */
      readonly mode: number;
      /** Of files of one copy: those that have the same here have the same bytes. Absent: nobody knows. */
      readonly content?: string | undefined;
    }
  /** `special`: a pipe, a socket or a device. */
  | { readonly kind: 'folder' | 'link' | 'special'; readonly path: string };

/** What is inside of a whole copy: files in folders. */
export interface TreeReader {
  /** How messages call it. */
  readonly name: string;
  /** The folder of this machine that it is; undefined: it is none. */
  readonly localFolder: string | undefined;
  /** How messages call something in it. */
  nameOf(path: string): string;
  /** A tree in it, whether that is there or not. */
  below(folder: string): TreeReader;
  /** Whether it is there. */
  isThere(): Promise<boolean>;
  /** What is directly in it. Failure `not-found`. */
  list(): Promise<readonly TreeEntry[]>;
  /** All that is in it: folder by folder, each of them before what is in it. Failure `not-found`. */
  walk(): AsyncIterable<readonly TreeEntry[]>;
  /** Sizes of files, which links may lead to; undefined where there is none. */
  sizesOf(paths: readonly string[]): Promise<readonly (number | undefined)[]>;
  /** Whether something has a path, be it a link to nowhere. */
  has(path: string): Promise<boolean>;
  /** Those of some links that lead out of it, or nowhere: what they lead to is none of its files. */
  leadingOut(links: readonly string[]): Promise<readonly string[]>;
  /** The content of a file, or a range of it. Failure `not-found`. */
  read(path: string, range?: ByteRange): AsyncIterable<Uint8Array>;
  /** The same for several ranges of one file. Failures: `not-found`; `usage` for what is no file. */
  open(path: string): Promise<OpenedSource>;
}
