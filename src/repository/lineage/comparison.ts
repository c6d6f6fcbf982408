import { createHash } from 'node:crypto';
import { MAGIC_BYTES } from '../../filestorage/format.ts';
import { formatTid } from '../../filestorage/tid.ts';
import { transactionEndingAt } from '../../filestorage/uncommitted-tail.ts';
import type { Store } from '../../stores/store.ts';
import { isFailure } from '../../system/failure.ts';
import type { ByteSource } from '../../system/files/byte-source.ts';
import { passOver } from '../../system/streams/blocks/pass.ts';
import { drain, tap } from '../../system/streams/pipeline.ts';
import type { WorkProgress } from '../../system/streams/progress.ts';
import { readLinks } from '../content/read-backup.ts';
import { firstDifference } from '../content/samples.ts';
import type { Chain, ChainLink } from '../layout/chain.ts';

/** Whether a Data.fs still begins with the bytes that a chain holds. */
export type Comparison =
  | { readonly kind: 'same' }
  | { readonly kind: 'differs'; readonly by: Difference };

/** What shows that a Data.fs is no continuation of a chain. Positions are offsets in the Data.fs. */
export type Difference =
  | { readonly kind: 'other-bytes'; readonly start: number; readonly end: number }
  | { readonly kind: 'no-transaction'; readonly end: number }
  | {
      readonly kind: 'other-transaction';
      readonly end: number;
      readonly tid: string;
      readonly recordedTid: string;
    }
  /** A backup can't be read: that tells nothing of the Data.fs. */
  | { readonly kind: 'unreadable'; readonly state: string };

const SAME: Comparison = { kind: 'same' };

/**
 * Looks at a few places only, so that the cost is the same for any size: whether a transaction with
 * the recorded tid ends where the chain does, and the recorded samples of its first and its last
 * file. Where repozo wrote the last file, there is no record; then all its bytes are compared.
 *
 * @param chain - with at least one link, and no longer than the source
 */
export async function compareQuickly(source: ByteSource, chain: Chain): Promise<Comparison> {
  const end = chain.links.at(-1)?.range.end ?? 0;
  const boundary = await checkBoundary(source, { end, link: chain.links.at(-1) });
  if (boundary.kind === 'differs') return boundary;
  const last = chain.links.findLast(({ range }) => range.end > range.start);
  for (const link of new Set([last, chain.links[0]])) {
    if (link?.record === undefined) continue;
    const sample = await firstDifference(source, link.record.samples);
    if (sample !== undefined) return otherBytes(sample.start, sample.end);
  }
  return last === undefined || last.record !== undefined ? SAME : compareByMd5(source, last);
}

/**
 * Compares every byte of the chain with the Data.fs, which is read once. A chain that can't be read
 * is as good as one that differs.
 */
export async function compareThoroughly(
  source: ByteSource,
  {
    store,
    chain,
    progress,
  }: {
    readonly store: Store;
    readonly chain: Chain;
    readonly progress: WorkProgress;
  },
): Promise<Comparison> {
  const end = chain.links.at(-1)?.range.end ?? 0;
  await using pass = passOver(end);
  const live = new StreamReader(pass.read(source, { start: 0, end }));
  let position = 0;
  try {
    for await (const chunk of readLinks(store, {
      links: chain.links,
      check: 'bytes-only',
      onFile: progress.onFile,
    })) {
      if (!(await live.nextEquals(chunk))) return otherBytes(position, position + chunk.length);
      position += chunk.length;
      progress.onBytes(chunk.length);
    }
  } catch (error) {
    if (!isFailure(error, 'damaged')) throw error;
    return differs({ kind: 'unreadable', state: error.message });
  } finally {
    await live.close();
  }
  return SAME;
}

/** Whether the transaction that ends where a backup does is still the same, as far as that was recorded. */
export async function checkBoundary(
  source: ByteSource,
  { end, link }: { readonly end: number; readonly link: ChainLink | undefined },
): Promise<Comparison> {
  if (end <= MAGIC_BYTES) return SAME;
  const transaction = await transactionEndingAt(source, end);
  if (transaction === undefined) return differs({ kind: 'no-transaction', end });
  const tid = formatTid(transaction.tid);
  const recordedTid = link?.record?.lastTid;
  if (recordedTid !== undefined && recordedTid !== tid) {
    return differs({ kind: 'other-transaction', end, tid, recordedTid });
  }
  return SAME;
}

async function compareByMd5(source: ByteSource, link: ChainLink): Promise<Comparison> {
  const hash = createHash('md5');
  await drain(tap(source.stream(link.range), (chunk) => hash.update(chunk)));
  if (hash.digest('hex') === link.md5) return SAME;
  return otherBytes(link.range.start, link.range.end);
}

function otherBytes(start: number, end: number): Comparison {
  return differs({ kind: 'other-bytes', start, end });
}

function differs(by: Difference): Comparison {
  return { kind: 'differs', by };
}

/** Reads one stream along with another that is cut into chunks elsewhere. */
class StreamReader {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#iterator = source[Symbol.asyncIterator]();
  }

  /** Whether the next bytes are these. */
  async nextEquals(expected: Uint8Array): Promise<boolean> {
    let offset = 0;
    while (offset < expected.length) {
      if (this.#chunk.length === 0) {
        const next = await this.#iterator.next();
        if (next.done === true) return false;
        this.#chunk = next.value;
      }
      const length = Math.min(this.#chunk.length, expected.length - offset);
      const here = this.#chunk.subarray(0, length);
      if (Buffer.compare(here, expected.subarray(offset, offset + length)) !== 0) return false;
      this.#chunk = this.#chunk.subarray(length);
      offset += length;
    }
    return true;
  }

  async close(): Promise<void> {
    await this.#iterator.return?.();
  }
}
