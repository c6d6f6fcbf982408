import { createHash } from 'node:crypto';
import type { StagedTree } from '../../stores/local-folder.ts';
import type { TreeReader } from '../../stores/tree-reader.ts';
import { isFailure } from '../../system/failure.ts';
import { cooperatively } from '../../system/streams/cooperative.ts';
import type { BlobRecord } from '../layout/record.ts';
import { BlobSums, countSums } from './checksums.ts';

/** The file inside a directory entry, beside its record and its copy. */
export const SUMS_FILE = '.zodbvault.sums';

/** What an entry has for sums. */
export type FoundSums =
  | { readonly kind: 'found'; readonly sums: BlobSums }
  /** It was made without them. */
  | { readonly kind: 'none' }
  /** They can't be used. */
  | { readonly kind: 'damaged'; readonly state: 'missing' | 'damaged' };

/** Writes the sums of an entry that is being made; returns what its record says of them. */
export async function writeSums(
  copy: StagedTree,
  { bytes }: BlobSums,
): Promise<NonNullable<BlobRecord['sums']>> {
  await copy.put(SUMS_FILE, bytes);
  return { sizeBytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Reads the sums of an entry. Those of one that lost its record speak for themselves. */
export async function readSums(
  entry: TreeReader,
  record: BlobRecord | undefined,
): Promise<FoundSums> {
  const bytes = await readBytes(entry);
  if (bytes === 'no-file') return { kind: 'damaged', state: 'damaged' };
  const recorded = record?.sums;
  if (bytes === undefined) {
    return recorded === undefined ? { kind: 'none' } : { kind: 'damaged', state: 'missing' };
  }
  const isOther =
    recorded !== undefined && recorded.sha256 !== createHash('sha256').update(bytes).digest('hex');
  if (isOther || (await cooperatively(countSums(bytes))) === undefined) {
    return { kind: 'damaged', state: 'damaged' };
  }
  return { kind: 'found', sums: new BlobSums(bytes) };
}

/** In memory that threads can share. `no-file`: something else has the name; a pipe is not waited for. */
async function readBytes(entry: TreeReader): Promise<Buffer | 'no-file' | undefined> {
  try {
    await using source = await entry.open(SUMS_FILE);
    const bytes = Buffer.from(new SharedArrayBuffer(source.sizeBytes));
    let at = 0;
    for await (const chunk of source.stream({ start: 0, end: source.sizeBytes })) {
      bytes.set(chunk, at);
      at += chunk.length;
    }
    return bytes;
  } catch (error) {
    if (isFailure(error, 'not-found')) return undefined;
    if (isFailure(error, 'usage')) return 'no-file';
    throw error;
  }
}
