import type { ChainLink } from '../../../repository/layout/chain.ts';
import { coveredUntil } from '../../../repository/lineage/covered-until.ts';
import type { Source } from '../../../sources/source.ts';
import type { JobContext } from '../../run/events.ts';
import type { SourceContinuity } from './source-continuity.ts';

/** Says what somebody should know of a Data.fs that may have lost its end. */
export function tellContinuity(
  source: Source,
  { found, context }: { readonly found: SourceContinuity; readonly context: JobContext },
): void {
  switch (found.kind) {
    case 'continued':
      return;
    case 'lost':
      warnOfLostEnd(source, { lost: found.links, context });
      return;
    case 'unknown':
      context.onEvent({
        kind: 'notice',
        code: 'perhaps-truncated-source',
        source: source.path,
        backup: found.base.file.name,
        coveredUntil: coveredUntil(found.base),
        objects: found.objects,
      });
      return;
    default:
      found satisfies never;
  }
}

/** Cleanup spares the old backups, too; see `planPrune`. */
function warnOfLostEnd(
  source: Source,
  { lost, context }: { readonly lost: readonly ChainLink[]; readonly context: JobContext },
): void {
  const newest = lost.at(-1);
  if (newest === undefined) return;
  // Each takes with it what follows it in its chain.
  const firsts = lost.filter((link, index) => !isContinued(lost[index - 1], link));
  context.onEvent({
    kind: 'warning',
    code: 'truncated-source',
    source: source.path,
    backup: newest.file.name,
    coveredUntil: coveredUntil(newest),
    stamps: firsts.map(({ file }) => file.stamp),
  });
}

function isContinued(before: ChainLink | undefined, link: ChainLink): boolean {
  return link.file.kind !== 'full' && before?.range.end === link.range.start;
}
