import { type Command, Option } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import { backUpSite, planSiteBackup } from '../../operations/backup/backup-site.ts';
import type { SiteBackupSettings } from '../../operations/backup/site-backup-settings.ts';
import { requireTagName } from '../../operations/retention/tag-points.ts';
import type { OnEvent } from '../../operations/run/events.ts';
import type { Span } from '../../system/calendar/span.ts';
import {
  OPTION,
  secondsToWait,
  type Waiting,
  withOutputOptions,
} from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import {
  FULL_EVERY_OPTION,
  KEEP_OPTION,
  type SaidKeeping,
  withSaidKeeping,
} from '../options/keep-options.ts';
import { PING_URL_OPTION, withPingUrl } from '../options/ping-url.ts';
import { describePlan } from '../render/backup-plan.ts';
import { sayBackups } from '../render/backups.ts';
import { shownOn } from '../render/events.ts';
import { type BackupResult, backupAsJson, planAsJson } from '../render/json/results/backup.ts';
import { describeRemoval } from '../render/removals.ts';
import { findEachSite, KIND_OPTION, withSiteOptions } from '../select/site-options.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import { withDebugLog } from '../terminal/terminal.ts';

export function addBackupCommand(program: Command): void {
  const command = withSiteOptions(program.command('backup'))
    .addOption(KIND_OPTION)
    .option('--full', 'make a full backup even if an increment would do')
    .option('--quick', 'compare a few places with the last backup (default)')
    .option('--no-quick', 'compare every byte with the backups')
    .option('--gzip', 'compress (default)')
    .option('--no-gzip', 'store plain bytes')
    .addOption(OPTION.compressor)
    .addOption(OPTION.level)
    .addOption(KEEP_OPTION.chains)
    .addOption(KEEP_OPTION.daily)
    .addOption(KEEP_OPTION.weekly)
    .addOption(KEEP_OPTION.monthly)
    .addOption(KEEP_OPTION.yearly)
    .addOption(KEEP_OPTION.within)
    .addOption(FULL_EVERY_OPTION)
    .option(
      '--tag <name>',
      'give the new restore point a tag, so that it stays until "zodbvault tag --remove"',
    )
    .addOption(
      new Option(
        '--verify-after-backup <depth>',
        'check the new backup before anything old is deleted: off; quick reads it back and compares checksums (default, unless a part says otherwise); deep does verify --deep',
      ).choices(['off', 'quick', 'deep'] as const),
    )
    .addOption(PING_URL_OPTION)
    .addOption(OPTION.wait)
    .addOption(OPTION.dryRun);
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const tag = options.tag === undefined ? undefined : requireTagName(options.tag);
      const plans = options.dryRun ? { plans: [] } : {};
      const result = context.terminal.document.result<BackupResult>({ backups: [], ...plans });
      const selected = await findEachSite(options, {
        terminal: context.terminal,
        purpose: 'backup',
      });
      const backUpOne = async (site: Site) => {
        const settings: SiteBackupSettings = {
          site: withPingUrl(overridden(site, options), options.pingUrl),
          kind: options.kind,
          full: options.full ? 'always' : 'as-set',
          tag,
          compressor: options.compressor,
          level: options.level,
          now: () => new Date(),
          random: Math.random,
        };
        const terminal = site.isDebug ? withDebugLog(context.terminal) : context.terminal;
        const how = { ...context, terminal, waitSeconds: secondsToWait(options.wait) };
        if (options.dryRun) await showPlan(settings, { ...how, result });
        else await carryOut(settings, { ...how, result });
        return undefined;
      };
      return await inEachSite(selected, { context, work: backUpOne, absence: 'error' });
    }),
  );
}

/** The command line has the last word. */
function overridden(
  site: Site,
  said: SaidKeeping & {
    readonly fullEvery?: Span | undefined;
    readonly quick?: boolean | undefined;
    readonly gzip?: boolean | undefined;
    readonly verifyAfterBackup?: Site['verifyAfterBackup'] | undefined;
  },
): Site {
  const { quick, gzip, fullEvery, verifyAfterBackup } = said;
  return {
    ...withSaidKeeping(site, said),
    ...(quick === undefined ? {} : { comparison: quick ? 'quick' : 'thorough' }),
    ...(gzip === undefined ? {} : { gzip }),
    ...(fullEvery === undefined ? {} : { fullEvery }),
    ...(verifyAfterBackup === undefined ? {} : { verifyAfterBackup }),
  };
}

/** What the document is to say. */
interface Saying {
  readonly result: BackupResult;
}

async function showPlan(
  settings: SiteBackupSettings,
  { terminal, signal, backups, result }: CommandContext & Saying,
) {
  const shown = shownOn(terminal);
  const onEvent: OnEvent = (event) => {
    // Nothing is backed up: what would be is the result.
    if (event.kind !== 'backup-planned') shown.onEvent(event);
  };
  const plans = await planSiteBackup(settings, { ...shown, onEvent, signal, backups });
  for (const plan of plans) {
    result.plans?.push(planAsJson(plan, settings));
    const name = plans.length === 1 ? '' : `${plan.storage}: `;
    if (plan.filestorage !== undefined) terminal.print(name + describePlan(plan.filestorage));
    if (plan.blobs !== undefined) {
      terminal.print(`${name}Back up the blobs in ${plan.blobs.source} to ${plan.blobs.folder}`);
    }
    if (plan.filestorage !== undefined && settings.tag !== undefined) {
      terminal.print(`${name}Give the newest restore point the tag "${settings.tag}"`);
    }
    for (const { reason, fileNames } of plan.removals) {
      terminal.print(`${name}Remove (${describeRemoval(reason)}): ${fileNames.join(', ')}`);
    }
  }
}

async function carryOut(
  settings: SiteBackupSettings,
  { terminal, signal, backups, waitSeconds, result }: CommandContext & Waiting & Saying,
) {
  const since = Date.now();
  const job = { ...shownOn(terminal, { steps: 'details' }), signal, backups, waitSeconds };
  await backUpSite(settings, job, async (results) => {
    const seconds = (Date.now() - since) / 1000;
    for (const one of results) result.backups.push(await backupAsJson(one, settings));
    if (settings.tag !== undefined) {
      terminal.log(`The newest restore point has the tag "${settings.tag}"`);
    }
    return await sayBackups(results, { site: settings.site, seconds, terminal });
  });
}
