import type { BlobRecord } from '../layout/record.ts';
import type { CountedTree } from './count-tree.ts';

/**
 * Links of a copy that it hadn't when it was made; none where that isn't known: older versions recorded no links, the
 * recipe never does, and rsync may have copied them from the live site.
 */
export function strangeLinks(
  { links }: Pick<CountedTree, 'links'>,
  record: BlobRecord | undefined,
): readonly string[] {
  const known = record?.links;
  return known === undefined ? [] : links.filter((link) => !known.includes(link));
}

/** What somebody has added to a copy since it was made, and no restore brings back. */
export interface Addition {
  /** `set-bits`: files that would run as their owner or group. */
  readonly kind: 'links' | 'set-bits';
  readonly names: readonly string[];
}

export function findAddition(
  counted: CountedTree,
  record: BlobRecord | undefined,
): Addition | undefined {
  const links = strangeLinks(counted, record);
  if (links.length > 0) return { kind: 'links', names: links };
  const { withSetBits } = counted;
  return withSetBits.length === 0 ? undefined : { kind: 'set-bits', names: withSetBits };
}
