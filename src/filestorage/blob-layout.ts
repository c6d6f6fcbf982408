import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { readSmallFileIfFit } from '../system/files/small-file.ts';
import { giveWay } from '../system/streams/cooperative.ts';
import { formatOid, type Oid, oidFrom } from './oid.ts';
import { formatTid, parseTid, type Tid } from './tid.ts';

/**
 * How a blob directory is divided (ZODB, `blob.py`):
 *
 * | layout | file of oid 0x0e, tid 0x040d3526b672e077 |
 * | --- | --- |
 * | `bushy` | `0x00/0x00/0x00/0x00/0x00/0x00/0x00/0x0e/0x040d3526b672e077.blob` |
 * | `lawn` | `0x0e/0x040d3526b672e077.blob` |
 */
export type BlobLayout = 'bushy' | 'lawn';

/** The file in a blob directory that names its layout. */
export const LAYOUT_FILE = '.layout';
/** The folder for files that aren't committed yet. */
export const UNCOMMITTED_FOLDER = 'tmp';

/** A blob directory: where it is, and how it is divided. */
export interface BlobDirectory {
  readonly path: string;
  readonly layout: BlobLayout;
}

/** Path, relative to the blob directory, of the file that holds an object's revision. */
export function blobPath(layout: BlobLayout, revision: { readonly oid: Oid; readonly tid: Tid }) {
  const { oid, tid } = revision;
  const bytes = formatOid(oid).match(/../g) ?? [];
  const file = `0x${formatTid(tid)}.blob`;
  switch (layout) {
    case 'bushy':
      return join(...bytes.map((byte) => `0x${byte}`), file);
    case 'lawn': {
      const first = bytes.findIndex((byte) => byte !== '00');
      return join(`0x${bytes.slice(first < 0 ? -1 : first).join('')}`, file);
    }
    default:
      return layout satisfies never;
  }
}

/** The reverse for either layout, of a path that may begin with `./`; undefined for what is no blob. */
export function parseBlobPath(path: string): { readonly oid: Oid; readonly tid: Tid } | undefined {
  const match = BLOB_PATH.exec(path);
  if (match === null) return undefined;
  const [, bushy, lawn, written = ''] = match;
  const digits = bushy === undefined ? lawn : bushy.replace(/0x|\//g, '');
  const tid = parseTid(written);
  return tid === undefined ? undefined : { oid: oidFrom(BigInt(`0x${digits}`)), tid };
}

/** Where the blob of a path may be, in either layout; for what is no blob, the path alone. */
export function pathsOfBlob(path: string): readonly string[] {
  const revision = parseBlobPath(path);
  if (revision === undefined) return [path];
  return [...new Set([path, blobPath('bushy', revision), blobPath('lawn', revision)])];
}

/** Where the blob of such a path is in a directory, in either layout; undefined where it isn't. */
export function findBlob(directory: string, path: string): string | undefined {
  return pathsOfBlob(path)
    .map((one) => join(directory, one))
    .find((one) => lstatSync(one, { throwIfNoEntry: false }) !== undefined);
}

/** Those of such paths of which the blob is not in a directory; after a pack, they may be very many. */
export async function blobsNotIn(
  directory: string,
  { paths, signal }: { readonly paths: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const lacking: string[] = [];
  for (const path of paths) {
    if (findBlob(directory, path) === undefined) lacking.push(path);
    await giveWay(signal);
  }
  return lacking;
}

const BLOB_PATH =
  /^(?:\.\/)?(?:((?:0x[0-9a-f]{2}\/){8})|0x([0-9a-f]{2,16})\/)0x([0-9a-f]{16})\.blob$/;

/** The layout that the directory itself names; undefined where it names none. */
export async function readBlobLayout(path: string): Promise<BlobLayout | undefined> {
  return parseLayout((await readSmallFileIfFit(join(path, LAYOUT_FILE))) ?? '');
}

/** The layout that the text of such a file names; undefined for any other text. */
export function parseLayout(text: string): BlobLayout | undefined {
  const name = text.trim();
  return name === 'bushy' || name === 'lawn' ? name : undefined;
}
