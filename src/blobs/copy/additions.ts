import type { BlobRecord } from '../layout/record.ts';
import { nameSome } from '../layout/summarize-names.ts';
import type { TreeContent } from './copy-tree.ts';
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

/** What somebody has added to a copy since it was made, which no restore brings back; undefined: nothing. */
export function describeAddition(
  counted: CountedTree,
  record: BlobRecord | undefined,
): string | undefined {
  const links = strangeLinks(counted, record);
  if (links.length > 0) return `it has links that were added since it was made: ${nameSome(links)}`;
  const { withSetBits } = counted;
  if (withSetBits.length === 0) return undefined;
  return `it has files that would run as their owner or group (setuid, setgid): ${nameSome(withSetBits)}`;
}

/** That a copy has other files than were counted when it was made. */
export function describeOtherContent(found: TreeContent, expected: TreeContent): string {
  return `it has ${found.files} files with ${found.bytes} bytes, and had ${expected.files} with ${expected.bytes}`;
}
