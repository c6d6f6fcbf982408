import type { Command } from '@commander-js/extra-typings';
import { listPlace } from '../../operations/list/list-site.ts';
import { isNameOfBlobs } from '../../operations/retention/remove-blob-backup.ts';
import {
  type DeletePlan,
  type DeleteSelection,
  deleteAll,
  planDelete,
  refuseLast,
  removesBlobs,
} from '../../operations/retention/remove-restore-point.ts';
import { Failure } from '../../system/failure.ts';
import { OPTION, secondsToWait, withOutputOptions } from '../options/common-options.ts';
import { inEachOf } from '../options/each-of.ts';
import {
  describeChoice,
  inEachRepository,
  oneOfRepositories,
  type SelectedRepository,
  STORAGE_OPTION,
  selectRepositories,
} from '../options/selected-repositories.ts';
import { readStamp } from '../options/written-date.ts';
import { shownOn } from '../render/events.ts';
import { pointAsJson } from '../render/json/point.ts';
import type { DeleteResult } from '../render/json/results/delete.ts';
import { describeRemoval } from '../render/removals.ts';
import { findSites, SOURCE_KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { meansFailure } from '../terminal/exit-status.ts';
import { ask } from '../terminal/question.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { deleteNamedBlobs } from './delete-blobs.ts';

export function addDeleteCommand(program: Command): void {
  const command = withSiteOptions(program.command('delete'))
    .argument(
      '[backup]',
      'the restore point, by its whole date or its whole local time, as "list" shows them; or the name of a blob backup that no restore point needs',
    )
    .option(
      '--damaged',
      'every restore point that can no longer be restored; suspicious files are read again first',
    )
    .addOption(SOURCE_KIND_OPTION)
    .addOption(STORAGE_OPTION)
    .option('--even-the-last', 'delete even the last intact backup, or the last one with blobs')
    .option('-n, --no-prompt', 'do not ask')
    .addOption(OPTION.wait)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((written, options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, backups } = context;
      const result = terminal.document.result<DeleteResult>({ deletions: [], removed: [] });
      const selection = selectionOf({ written, damaged: options.damaged }, terminal);
      const sites = await findSites(options, { terminal, purpose: 'look', backups });
      const last = options.evenTheLast ? 'may-go' : 'stays';
      if (selection.kind === 'blobs') {
        const isKindSaid = command.getOptionValueSource('kind') !== 'default';
        const how = options.dryRun ? 'show' : options.prompt ? 'ask' : 'do';
        const { storage } = options;
        const waitSeconds = secondsToWait(options.wait);
        const kind = isKindSaid ? options.kind : 'all';
        const named = { name: selection.name, kind, storage, last, how, waitSeconds } as const;
        await deleteNamedBlobs(sites, { selection: named, context, result });
        return undefined;
      }
      const selected = await selectRepositories(sites, { ...options, backups: context.backups });
      const { planned, status } = await planAll(selected, { selection, context });
      if (meansFailure(status)) {
        terminal.log('Nothing was removed.');
        return status;
      }
      for (const one of planned) await show(one, { ...context, result });
      for (const { plan } of planned) refuseLast(plan, last);
      const wanted = planned.filter(({ plan }) => plan.deletions.length > 0);
      if (wanted.length === 0) {
        terminal.log('Nothing to delete: nothing there is damaged');
        return undefined;
      }
      result.outcome = options.dryRun ? 'planned' : undefined;
      if (options.dryRun) return undefined;
      if (options.prompt && (await ask('delete anything', context)) === 'no') {
        terminal.log('Nothing was removed.');
        result.outcome = 'declined';
        return undefined;
      }
      const jobContext = {
        ...shownOn(terminal),
        signal: context.signal,
        backups: context.backups,
        waitSeconds: secondsToWait(options.wait),
      };
      const deleteOne = async ({ plan, selected: { place, site } }: Planned) => {
        const settings = { place, site, last, now: () => new Date() } as const;
        const { fileNames } = await deleteAll(plan, settings, jobContext);
        result.removed.push({ folder: plan.repository, fileNames: [...fileNames] });
        result.outcome = 'done';
        return undefined;
      };
      const nameOf = (one: Planned) => oneOfRepositories(one.selected);
      return await inEachOf(wanted, { context, nameOf, work: deleteOne, absence: 'error' });
    }),
  );
}

/** Failure `usage` where neither, or both, were said: what is removed is never guessed. */
function selectionOf(
  {
    written,
    damaged,
  }: { readonly written: string | undefined; readonly damaged: true | undefined },
  terminal: Terminal,
): DeleteSelection | { readonly kind: 'blobs'; readonly name: string } {
  const isOne = (written === undefined) !== (damaged === undefined);
  const stamp = written === undefined ? undefined : readStamp(written, terminal);
  if (isOne && damaged) return { kind: 'damaged' };
  if (isOne && stamp !== undefined) return { kind: 'point', stamp };
  if (isOne && written !== undefined && isNameOfBlobs(written)) {
    return { kind: 'blobs', name: written };
  }
  throw new Failure(
    'usage',
    written === undefined || isOne === false
      ? 'Cannot tell what to delete'
      : `Cannot delete "${written}": it is not the whole date of a restore point`,
    {
      hint: 'Name one restore point as "zodbvault list" shows it, or a blob backup as a run of "backup" names it, or use --damaged.',
    },
  );
}

interface Planned {
  readonly selected: SelectedRepository;
  readonly plan: DeletePlan;
}

/** A date that is one of several storages' must be told whose it is. */
async function planAll(
  selected: readonly SelectedRepository[],
  { selection, context }: { readonly selection: DeleteSelection; readonly context: CommandContext },
): Promise<{ readonly planned: readonly Planned[]; readonly status: number }> {
  const planned: Planned[] = [];
  const { terminal, signal, backups } = context;
  const jobContext = { ...shownOn(terminal), signal, backups };
  const status = await inEachRepository(selected, {
    context,
    work: async (one) => {
      const { blobs } = one.place;
      const plan = await planDelete(one.repository, { selection, blobs, context: jobContext });
      planned.push({ selected: one, plan });
    },
  });
  if (selection.kind === 'damaged' || planned.length < 2) return { planned, status };
  const those = planned.map((one) => one.selected);
  throw new Failure('usage', `Cannot tell which backup of ${selection.stamp} is meant`, {
    hint: `There are several: ${describeChoice(those)}.`,
  });
}

async function show(
  { selected, plan }: Planned,
  { terminal, backups, result }: CommandContext & { readonly result: DeleteResult },
): Promise<void> {
  const points = await listPlace(selected.place, { site: selected.site, backups });
  for (const stamp of plan.whole) {
    terminal.log(
      `${stamp} in ${plan.repository} stays: every byte of it was right just now. "zodbvault verify" records that. You can still delete it by its date`,
    );
  }
  for (const { stamp, reason, fileNames, dat, points: gone } of plan.deletions) {
    const blobs = points.flatMap((one) =>
      one.kind === 'filestorage' &&
      gone.includes(one.point.stamp) &&
      one.blobs.kind === 'found' &&
      one.blobs.match === 'exact'
        ? [one.blobs.name]
        : [],
    );
    const { repository } = plan;
    const why = describeRemoval(reason);
    result.deletions.push({
      ...{ site: selected.site.part, storage: selected.place.storage, kind: selected.place.kind },
      ...{ ...pointAsJson(stamp), what: 'restore-point', folder: repository, reason: why },
      ...{ points: [...gone], fileNames: [...fileNames], dat, blobs },
    });
    terminal.print(`This will remove ${stamp} from ${repository} (${why}):`);
    for (const name of fileNames) terminal.print(`    ${name}`);
    if (dat !== undefined) terminal.print(`and its lines from ${dat}`);
    const needing = gone.filter((one) => one !== stamp);
    if (needing.length > 0) {
      terminal.print(`With it go the restore points that need it: ${needing.join(', ')}`);
    }
    if (blobs.length > 0 && !removesBlobs(selected.site, selected.place)) {
      terminal.print(
        'The blob backups of these stay, because with keep 0 no backup deletes any. To delete them:',
      );
      for (const name of blobs) terminal.print(`    zodbvault delete ${name}`);
    } else if (blobs.length > 0) {
      terminal.print(
        `The blob backups of these stay until the next backup, which removes them: ${blobs.join(', ')}`,
      );
    }
  }
}
