import { describeCopiedRun } from '../../render/copies.ts';
import { type CopiedSiteReport, formatCopiesReport } from '../../render/report/copies-page.ts';
import { findCopyPlace } from '../../select/site-options.ts';
import type { SiteSelection } from '../../select/site-selection.ts';
import type { CommandContext } from '../../terminal/run-command.ts';
import { DEFAULT_LIMITS } from '../site-verdict.ts';
import { type CheckedCopy, checkCopies } from './check-copies.ts';

/** The page of the copies of a place, or of that of one site. The requests are those of `check --from`. */
export async function pageOfCopies(
  selection: SiteSelection & { readonly from: string },
  context: CommandContext,
): Promise<string> {
  const place = await findCopyPlace(selection, context);
  const now = new Date();
  const checked = await checkCopies(place, { name: selection.part, limits: DEFAULT_LIMITS, now });
  return formatCopiesReport(checked.map(reportOf), { now, place: place.url });
}

function reportOf({ part, judgements, head }: CheckedCopy): CopiedSiteReport {
  const findings = judgements.map(({ state, text }) => ({ state, text }));
  return {
    name: part,
    verdict: { state: findings[0]?.state ?? 'unknown', findings },
    copiedAt: head && new Date(head.at),
    runs: (head?.runs ?? []).map(describeCopiedRun),
    places: (head?.places ?? []).map(({ storage, kind, points, newest }) => ({
      ...{ name: `${storage}, ${kind}`, points, newest },
    })),
  };
}
