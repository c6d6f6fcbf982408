import type { Command } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import {
  type PlannedPoint,
  type PruneSettings,
  planSitePrune,
  pruneSite,
  type StoragePrunePlan,
} from '../../operations/backup/prune-site.ts';
import { momentOfStamp } from '../../repository/layout/stamp.ts';
import { printTable } from '../format/table.ts';
import { count, formatBytes, formatLocalTime } from '../format/units.ts';
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
import { describeStay } from '../render/retention.ts';
import { findEachSite, KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';

export function addPruneCommand(program: Command): void {
  const command = withSiteOptions(program.command('prune'))
    .addOption(KIND_OPTION)
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
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups });
      const work = async (found: Site) => {
        const site = withSaidKeeping(found, options);
        const settings = { site, kind: options.kind, now: () => new Date() };
        const how = { ...context, result, sites: selected.sites };
        if (options.dryRun) await showPlan(settings, how);
        else await carryOut(settings, { ...how, waitSeconds: secondsToWait(options.wait) });
        return undefined;
      };
      const status = await inEachSite(selected, { context, work, absence: 'error' });
      result.outcome = options.dryRun ? 'planned' : 'done';
      return status;
    }),
  );
}

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
      await printTable(tableOf(points), { terminal, emphasis: { bad: ['goes'] }, signal });
    }
    for (const { reason, fileNames } of blobRemovals) {
      terminal.print(`${name}: remove (${describeRemoval(reason)}): ${fileNames.join(', ')}`);
    }
    terminal.log(`${name}: ${describeTotals(plan)}`);
  }
}

function tableOf(points: readonly PlannedPoint[]) {
  const rows = function* () {
    for (const { stamp, kind, reasons, removal, bytes } of points) {
      const moment = momentOfStamp(stamp);
      yield [
        moment === undefined ? '?' : formatLocalTime(moment),
        stamp,
        kind,
        removal === undefined ? 'stays' : 'goes',
        formatBytes(bytes),
        removal === undefined ? reasons.map(describeStay).join('; ') : describeRemoval(removal),
      ];
    }
  };
  return {
    head: ['Local time', 'Date (UTC)', 'Backup', 'Verdict', 'Frees', 'Why'],
    alignment: ['left', 'left', 'left', 'left', 'right', 'left'] as const,
    rows: rows(),
  };
}

function describeTotals({ points, freedBytes }: StoragePrunePlan): string {
  const going = points.filter(({ removal }) => removal !== undefined).length;
  const stay = count(points.length - going, 'restore point');
  return `${stay} would stay, ${going} would go, which frees ${formatBytes(freedBytes)}`;
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
