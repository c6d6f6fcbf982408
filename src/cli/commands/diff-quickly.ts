import type { BackupKind } from '../../config/model/site.ts';
import {
  type ComparedState,
  type ComparedWords,
  compareQuickly,
  type QuickComparison,
} from '../../operations/inspect/compare-quickly.ts';
import { cutOf } from '../../repository/restore-point.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { nameOfState } from '../format/moment-words.ts';
import { count } from '../format/units.ts';
import { namedDataFs } from '../options/named-data-fs.ts';
import { inEachRepository, selectRepositories } from '../options/selected-repositories.ts';
import { readTarget } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { comparisonAsJson, type DiffResult } from '../render/json/results/diff.ts';
import { findSites } from '../select/site-options.ts';
import type { CommandContext } from '../terminal/run-command.ts';

type QuickOptions = Parameters<typeof findSites>[0] & {
  readonly kind: BackupKind;
  readonly storage?: string | undefined;
};

/** What was typed: a Data.fs, or a state of whichever backups. */
type Words =
  | Extract<ComparedWords, { kind: 'file' }>
  | { readonly kind: 'target'; readonly target: RestoreTarget };

/** Says of two states, each a Data.fs or of backups, whether they have the same objects. */
export async function diffQuickly(
  written: { readonly from: string; readonly to: string | undefined },
  {
    options,
    running,
    result,
  }: {
    readonly options: QuickOptions;
    readonly running: CommandContext;
    readonly result: DiffResult;
  },
): Promise<number | undefined> {
  const { terminal, signal, backups } = running;
  const context = { ...shownOn(terminal), signal, backups };
  const comparisons: NonNullable<DiffResult['comparisons']> = [];
  result.comparisons = comparisons;
  const from = await wordsOf(written.from, running);
  const to = await wordsOf(written.to, running);
  if (from.kind === 'file' && to.kind === 'file') {
    const comparison = await compareQuickly({ from, to }, context);
    comparisons.push(comparisonAsJson(comparison));
    if (!terminal.isJson) terminal.print(describe(comparison));
    return undefined;
  }
  const sites = await findSites(options, { terminal, purpose: 'look', backups });
  const { kind, storage } = options;
  return await inEachRepository(await selectRepositories(sites, { kind, storage, backups }), {
    context: running,
    work: async ({ site, place, repository, name }) => {
      const pair = { from: inBackups(from, repository), to: inBackups(to, repository) };
      const comparison = await compareQuickly(pair, context);
      const labels = { site: site.part, storage: place.storage, kind: place.kind };
      comparisons.push({ ...labels, ...comparisonAsJson(comparison) });
      if (!terminal.isJson) terminal.print(`${name}: ${describe(comparison)}`);
    },
  });
}

async function wordsOf(
  written: string | undefined,
  { terminal }: Pick<CommandContext, 'terminal'>,
): Promise<Words> {
  const path = written === undefined ? undefined : await namedDataFs(written);
  if (path !== undefined) return { kind: 'file', path };
  return { kind: 'target', target: readTarget(written, { terminal }) };
}

function inBackups(words: Words, repository: string): ComparedWords {
  return words.kind === 'file' ? words : { kind: 'backup', repository, target: words.target };
}

function describe({ from, to, likeness }: QuickComparison): string {
  const both = `${nameOf(from)} and ${nameOf(to)}`;
  switch (likeness) {
    case 'same':
      return `${both} have the same ${count(to.fingerprint.objects, 'object')}`;
    case 'same-reachable':
      return `${both} end with the same transaction, and one of them was packed since: the ${count(to.fingerprint.reachable?.objects ?? 0, 'object')} that the root leads to are the same`;
    case 'packed':
      return `${both} end with the same transaction, and one of them was packed since: a pack removes objects, so nobody can tell quickly whether all else is the same`;
    case 'different':
      return `${both} are different`;
    default:
      return likeness satisfies never;
  }
}

function nameOf(state: ComparedState): string {
  if (state.kind === 'file') return state.path;
  return nameOfState({ stamp: state.point.stamp, cut: cutOf(state.point) });
}
