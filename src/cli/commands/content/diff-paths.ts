import { comparePaths, type PathChange } from '../../../operations/content/compare-paths.ts';
import { oneLine, oneLineWithin } from '../../format/one-line.ts';
import { printTable } from '../../format/table.ts';
import { formatUtcTime } from '../../format/units.ts';
import { type ContentSelection, findContentPlace } from '../../options/content-options.ts';
import { TITLE_WIDTH, typeOf } from '../../render/content.ts';
import { summaryAsJson } from '../../render/json/content.ts';
import type { DiffResult } from '../../render/json/results/diff.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import type { CommandContext } from '../../terminal/run-command.ts';

/** Shows what became of the objects below a path: `diff FROM TO PATH`. */
export async function diffPaths(
  { live, ...selection }: ContentSelection,
  {
    from,
    to,
    path,
    running,
  }: {
    readonly from: string;
    readonly to: string | undefined;
    readonly path: string;
    readonly running: CommandContext;
  },
): Promise<undefined> {
  const { terminal, signal } = running;
  const result = terminal.document.result<DiffResult>({ differences: [] });
  const earlier = await findContentPlace(selection, { moment: from, running });
  const later = await findContentPlace({ ...selection, live }, { moment: to, running });
  const onUnfollowed = (one: { readonly path: string; readonly reason: string }) =>
    renderWarning({ kind: 'warning', code: 'object-not-followed', ...one }, terminal);
  const changes = await comparePaths({ from: earlier, to: later }, { path, onUnfollowed });
  result.paths = changes.map(({ path: where, change, oid, ...summary }) => {
    return { path: where, change, oid, ...summaryAsJson(summary) };
  });
  if (terminal.isJson) return undefined;
  if (changes.length === 0) terminal.log('Nothing there has changed');
  const head = ['Change', 'Path', 'Type', 'Title', 'Written (UTC)'];
  if (changes.length > 0)
    await printTable({ head, rows: changes.map(rowOf) }, { terminal, signal });
  return undefined;
}

function rowOf(change: PathChange): readonly string[] {
  return [
    change.change,
    oneLine(change.path),
    oneLine(typeOf(change)),
    oneLineWithin(change.title ?? '', TITLE_WIDTH),
    formatUtcTime(change.written),
  ];
}
