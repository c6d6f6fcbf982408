import { type Command, Option } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import {
  type PruneSettings,
  planSitePrune,
  pruneSite,
} from '../../operations/backup/prune-site.ts';
import { printTable } from '../format/table.ts';
import { count } from '../format/units.ts';
import {
  OPTION,
  secondsToWait,
  type Waiting,
  withOutputOptions,
} from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { KEEP_OPTION, withSaidKeeping } from '../options/keep-options.ts';
import { nameOfStorage } from '../options/selected-repositories.ts';
import { shownOn } from '../render/events.ts';
import {
  blobRemovalsAsJson,
  type PruneResult,
  plannedAsJson,
} from '../render/json/results/prune.ts';
import { describeRemoval } from '../render/removals.ts';
import { describeTotals, tableOfPlan } from '../render/retention.ts';
import { PRUNE_FROM_OPTION } from '../select/copied-sites.ts';
import { findEachSite, withSiteOptions } from '../select/site-options.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import { pruneCopies, SINGLE_WRITER_OPTION, singleWriterOfNothing } from './copied/prune-copies.ts';

export function addPruneCommand(program: Command): void {
  const command = withSiteOptions(program.command('prune'))
    .addOption(PRUNE_FROM_OPTION)
    .addOption(SINGLE_WRITER_OPTION)
    .addOption(PRUNED_KIND)
    .addOption(KEEP_OPTION.chains)
    .addOption(KEEP_OPTION.daily)
    .addOption(KEEP_OPTION.weekly)
    .addOption(KEEP_OPTION.monthly)
    .addOption(KEEP_OPTION.yearly)
    .addOption(KEEP_OPTION.within)
    .addOption(OPTION.wait)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, backups } = context;
      const nothing = options.dryRun
        ? { points: [], blobRemovals: [], freedBytes: 0 }
        : { removed: [] };
      const result = terminal.document.result<PruneResult>(nothing);
      const waitSeconds = secondsToWait(options.wait);
      const { from, kind = 'backup' } = options;
      const how = { ...context, result, waitSeconds };
      if (options.singleWriter && from === undefined) throw singleWriterOfNothing();
      if (from !== undefined) {
        const status = await pruneCopies({ ...options, from }, how);
        result.outcome = options.dryRun ? 'planned' : 'done';
        return status;
      }
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups });
      const work = async (found: Site) => {
        const site = withSaidKeeping(found, options);
        const settings = { site, kind, now: () => new Date() };
        if (options.dryRun) await showPlan(settings, { ...how, sites: selected.sites });
        else await carryOut(settings, { ...how, sites: selected.sites });
        return undefined;
      };
      const status = await inEachSite(selected, { context, work, absence: 'error' });
      result.outcome = options.dryRun ? 'planned' : 'done';
      return status;
    }),
  );
}

/** A copy is looked at as a whole, unless somebody names a kind. */
const PRUNED_KIND = new Option(
  '--kind <kind>',
  'which backups, named by the script that makes them (default: "backup"; with --from all)',
).choices(['backup', 'snapshot', 'zip'] as const);

interface Saying extends CommandContext {
  readonly result: PruneResult;
  readonly sites: readonly Site[];
}

async function showPlan(
  settings: PruneSettings,
  { terminal, signal, backups, result, sites }: Saying,
): Promise<void> {
  const { site, kind } = settings;
  for (const plan of await planSitePrune(settings, { ...shownOn(terminal), signal, backups })) {
    const { storage, points, freedBytes, blobRemovals } = plan;
    const labels = { site: site.part, storage, kind };
    result.points?.push(...points.map((point) => plannedAsJson(labels, point)));
    result.blobRemovals?.push(...blobRemovalsAsJson(labels, plan));
    result.freedBytes = (result.freedBytes ?? 0) + freedBytes;
    if (terminal.isJson) continue;
    const name = nameOfStorage(storage, { site, sites });
    if (points.length > 0) {
      terminal.print(`${name}, ${kind}, in ${plan.repository}:`);
      const table = tableOfPlan(points.map(({ kind: type, ...point }) => ({ type, ...point })));
      await printTable(table, { terminal, emphasis: { bad: ['goes'] }, signal });
    }
    for (const { reason, fileNames } of blobRemovals) {
      terminal.print(`${name}: remove (${describeRemoval(reason)}): ${fileNames.join(', ')}`);
    }
    terminal.log(`${name}: ${describeTotals(points, freedBytes)}`);
  }
}

async function carryOut(
  settings: PruneSettings,
  { terminal, signal, backups, waitSeconds, result, sites }: Saying & Waiting,
): Promise<void> {
  const { site } = settings;
  const job = { ...shownOn(terminal, { steps: 'details' }), signal, backups, waitSeconds };
  for (const [storage, fileNames] of await pruneSite(settings, job)) {
    result.removed?.push({ site: site.part, storage, fileNames: [...fileNames] });
    const name = nameOfStorage(storage, { site, sites });
    terminal.print(
      fileNames.length === 0
        ? `${name}: nothing to delete`
        : `${name}: ${count(fileNames.length, 'file')} deleted`,
    );
  }
}
