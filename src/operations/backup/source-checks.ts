import type { ChainLink } from '../../repository/layout/chain.ts';
import type { ObjectFacts } from '../../repository/lineage/continuity.ts';
import { reachOf } from '../../repository/lineage/covered-until.ts';
import type { FileSource } from '../../system/files/byte-source.ts';
import type { JobContext } from '../run/events.ts';
import type { SourceContinuity } from './source-continuity.ts';

/** Says what somebody should know of a Data.fs that may have lost its end. */
export function tellContinuity(
  source: FileSource,
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
        text: `"${source.path}" may lack the end of what "${found.base.file.name}" holds, which reaches to ${reachOf(found.base)}${describeObjects(found.objects)}. A pack leaves a Data.fs like this, and so may a loss: nobody can tell. The newest full backup from before stays until there are enough newer ones and "verify --deep" has found one of them good`,
      });
      return;
    default:
      found satisfies never;
  }
}

function describeObjects(objects: ObjectFacts | undefined): string {
  if (objects === undefined) return '';
  const { total, left, gone } = objects;
  const are = (count: number) => `${count} ${count === 1 ? 'is' : 'are'}`;
  const changed = total - left - gone;
  const have = `${changed} ${changed === 1 ? 'has' : 'have'} changed`;
  return `: of its ${total} ${total === 1 ? 'object' : 'objects'}, ${are(left)} as they were, ${have}, ${are(gone)} gone`;
}

/** So many commands are named; the next full backup names more, if it has to. */
const NAMED = 3;

/** Cleanup spares the old backups, too; see `planPrune`. */
function warnOfLostEnd(
  source: FileSource,
  { lost, context }: { readonly lost: readonly ChainLink[]; readonly context: JobContext },
): void {
  const newest = lost.at(-1);
  if (newest === undefined) return;
  // Each takes with it what follows it in its chain.
  const firsts = lost.filter((link, index) => !isContinued(lost[index - 1], link));
  const commands = firsts.slice(0, NAMED).map(({ file }) => `"zodbvault retire ${file.stamp}"`);
  context.onEvent({
    kind: 'warning',
    text: `"${source.path}" lacks the end of what "${newest.file.name}" holds, which reaches to ${reachOf(newest)}, and no restore since then is known of. If nobody put an earlier state or another database there, its end is lost, or it is another copy: "restore" brings it back. Nothing old is removed; if it was set back on purpose, ${commands.join(' and ')} and a full backup end this`,
  });
}

function isContinued(before: ChainLink | undefined, link: ChainLink): boolean {
  return link.file.kind !== 'full' && before?.range.end === link.range.start;
}
