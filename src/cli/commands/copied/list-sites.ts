import { readHeadsAt } from '../../../operations/from-copy/heads-at.ts';
import type { ListedHead } from '../../../operations/from-copy/site-heads.ts';
import { oneLine } from '../../format/one-line.ts';
import { printTable } from '../../format/table.ts';
import { count, formatUtcTime } from '../../format/units.ts';
import { describeCopiedRun } from '../../render/copies.ts';
import { copiedSiteAsJson, type ListResult } from '../../render/json/results/list.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { timeOfVersions } from '../../select/copied-sites.ts';
import { findCopyPlace } from '../../select/site-options.ts';
import type { SiteSelection } from '../../select/site-selection.ts';
import type { CommandContext } from '../../terminal/run-command.ts';

/** Lists the sites that a place has copies of: one request for a thousand, and one for each that has changed. */
export async function listCopiedSites(
  selection: SiteSelection & { readonly from: string },
  context: CommandContext,
): Promise<undefined> {
  const { terminal, signal } = context;
  const result = terminal.document.result<ListResult>({ points: [], sites: [] });
  const { url: place, access } = await findCopyPlace(selection, context);
  const beforeMs = timeOfVersions(selection, terminal);
  const heads = await readHeadsAt(place, { name: selection.part, access, beforeMs });
  for (const { name, head } of heads) {
    if (head !== undefined) result.sites?.push(copiedSiteAsJson(head));
    else
      renderWarning({ kind: 'warning', code: 'copy-head-unreadable', site: name, place }, terminal);
  }
  if (terminal.isJson) return;
  const head = ['Site', 'Copied (UTC)', 'Newest (UTC)', 'Restore points', 'Last run (UTC)'];
  const alignment = ['left', 'left', 'left', 'right', 'left'] as const;
  const emphasis = { bad: ['failed', 'killed'] };
  await printTable({ head, alignment, rows: heads.map(rowOf) }, { terminal, emphasis, signal });
  terminal.log(count(heads.length, 'site'));
}

function rowOf({ name, head }: ListedHead): readonly string[] {
  if (head === undefined) return [oneLine(name), '–', '–', '–', '–'];
  const { at, places, runs = [] } = head;
  const points = places.reduce((sum, one) => sum + one.points, 0);
  const newest =
    places
      .map((one) => `${one.newest}`)
      .sort()
      .at(-1) ?? '–';
  return [oneLine(name), formatUtcTime(at), newest, String(points), describeCopiedRun(runs.at(-1))];
}
