import { hostname } from 'node:os';
import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import type { Site } from '../../config/model/site.ts';
import type { PartScripts } from '../../config/recipe/part-scripts.ts';
import { type BackupDisk, readBackupDisks } from '../../operations/inspect/disk-growth.ts';
import {
  type ListedPlace,
  type ListedSitePoint,
  listSite,
} from '../../operations/list/list-site.ts';
import { readHistory } from '../../operations/run/past-runs.ts';
import { reasonsAgainst } from '../../repository/judgement.ts';
import { momentOfStamp } from '../../repository/layout/stamp.ts';
import type { Check } from '../../repository/records/check-results.ts';
import { lastLooks } from '../../repository/records/last-looks.ts';
import { PERIODS } from '../../system/calendar/period.ts';
import { formatSpan } from '../../system/calendar/span.ts';
import { Failure, isFailure } from '../../system/failure.ts';
import { writeNewFile } from '../../system/files/new-file.ts';
import { isThere } from '../../system/files/presence.ts';
import { readSmallFileIfFit } from '../../system/files/small-file.ts';
import { maskAddress } from '../../system/processes/ping.ts';
import { wordsOfVerification } from '../format/look-words.ts';
import { count } from '../format/units.ts';
import { withOutputOptions } from '../options/common-options.ts';
import { inEachSite } from '../options/for-each-site.ts';
import { withPingUrl } from '../options/ping-url.ts';
import type { ReportResult } from '../render/json/results/report.ts';
import { describeReason } from '../render/judgements.ts';
import {
  describeNamedProblem,
  describeProblem,
  describeProblemOfPoint,
} from '../render/problems.ts';
import { formatReport, REPORT_MARK } from '../render/report/page.ts';
import { NO_RUNS, reportRuns } from '../render/report/runs-report.ts';
import type {
  PlaceReport,
  PointReport,
  SiteReport,
  VerdictReport,
} from '../render/report/site-report.ts';
import { renderWarning } from '../render/warnings/sentence.ts';
import { SITES_FROM_OPTION } from '../select/copied-sites.ts';
import { findEachSite, withSiteOptions } from '../select/site-options.ts';
import { type CommandContext, runCommand } from '../terminal/run-command.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { pageOfCopies } from './copied/report-copies.ts';
import { checkSite, DEFAULT_LIMITS, unknownSite, worstFirst } from './site-verdict.ts';

export function addReportCommand(program: Command): void {
  const command = withSiteOptions(program.command('report'))
    .addOption(SITES_FROM_OPTION)
    .option(
      '-o, --output <file>',
      'where to (default: zodbvault-report.html; with --from: zodbvault-copies.html)',
    );
  withOutputOptions(command).action((options) =>
    runCommand({ ...options, command }, async (context) => {
      const { terminal, backups } = context;
      const { from } = options;
      if (from !== undefined) {
        await finish(options.output ?? 'zodbvault-copies.html', {
          page: await pageOfCopies({ ...options, from }, context),
          terminal,
        });
        return undefined;
      }
      const selected = await findEachSite(options, { terminal, purpose: 'look', backups });
      const now = new Date();
      const reports: SiteReport[] = [];
      const reportOne = async (site: Site) => {
        // What can't be read has its place on the page, too.
        const verdict = await verdictOn(site, { now, scripts: selected.scripts, context });
        const report = { ...withoutBackups(withPingUrl(site)), verdict };
        const index = reports.push(report) - 1;
        try {
          reports[index] = { ...report, ...(await backupsOf(site, { now, context })) };
        } catch (error) {
          // Of a site that is there, the page says that there is no backup yet.
          if (!isFailure(error, 'not-found') || !(await isSiteThere(site))) throw error;
          const { message: reason } = error;
          const absence = { code: 'nothing-to-work-with', name: site.part, reason } as const;
          renderWarning({ kind: 'warning', ...absence }, terminal);
        }
        return undefined;
      };
      const status = await inEachSite(selected, { context, work: reportOne, absence: 'warning' });
      const page = formatReport(reports, { now, host: hostname() });
      await finish(options.output ?? 'zodbvault-report.html', { page, terminal });
      return status;
    }),
  );
}

async function finish(
  output: string,
  { page, terminal }: { readonly page: string; readonly terminal: Terminal },
): Promise<void> {
  const path = resolve(output);
  await write(path, page);
  terminal.document.result<ReportResult>({ path });
  terminal.log(`Wrote ${path}`);
}

/** The same as by `check`. */
async function verdictOn(
  site: Site,
  {
    context,
    ...how
  }: {
    readonly now: Date;
    readonly scripts: readonly PartScripts[];
    readonly context: CommandContext;
  },
): Promise<VerdictReport> {
  const { judgements } = await checkSite(site, {
    ...{ ...how, limits: DEFAULT_LIMITS, context },
  }).catch((error) => unknownSite(site.part, error, context));
  const findings = worstFirst(judgements).map(({ state, storage, text }) => {
    return { state, text: storage === undefined ? text : `${storage}: ${text}` };
  });
  return { state: findings[0]?.state ?? 'unknown', findings };
}

/** Whether there is anything to back up. */
async function isSiteThere({ storages }: Site): Promise<boolean> {
  for (const { dataFs, blobs } of storages) {
    if ((await isThere(dataFs)) || (blobs !== undefined && (await isThere(blobs)))) return true;
  }
  return false;
}

function withoutBackups(site: Site): Omit<SiteReport, 'verdict'> {
  return { part: site.part, places: [], runs: NO_RUNS, settings: settingsOf(site) };
}

async function backupsOf(
  site: Site,
  {
    now,
    context: { backups },
  }: { readonly now: Date; readonly context: Pick<CommandContext, 'backups'> },
): Promise<Pick<SiteReport, 'places' | 'runs'>> {
  const all = { kind: 'all', backups } as const;
  const listed = await listSite(site, all);
  const disks = await readBackupDisks(site, { now, backups });
  const runs = await readHistory(site, all);
  return {
    places: listed.map((place) => placeReport(place, disks)),
    runs: await reportRuns(runs),
  };
}

function placeReport(
  { place, points, remains }: ListedPlace,
  disks: readonly BackupDisk[],
): PlaceReport {
  const looks = points.flatMap((one) =>
    one.kind === 'filestorage' ? [lastLooks(one.point.checks)] : [],
  );
  return {
    storage: place.storage,
    of: place.kind,
    path: place.path,
    points: points.map(pointReport),
    remains: remains.map(describeNamedProblem),
    verified: latest(looks.map(({ verified }) => verified)),
    testRestored: latest(looks.map(({ testRestored }) => testRestored)),
    disk: disks.find(({ folders }) => folders.includes(place.path)),
  };
}

/** Of different restore points, the order is that of the clock. */
function latest(looks: readonly (Check | undefined)[]): Date | undefined {
  const [at] = looks
    .flatMap((look) => look?.at ?? [])
    .sort()
    .slice(-1);
  return at === undefined ? undefined : new Date(at);
}

function pointReport(one: ListedSitePoint): PointReport {
  if (one.kind === 'blobs') {
    const { stamp, form, name, record } = one.entry;
    return {
      stamp,
      moment: momentOfStamp(stamp),
      kind: `blobs (${form})`,
      dataFsBytes: undefined,
      storedBytes: one.problem === undefined ? (record?.content?.bytes ?? 0) : 0,
      check: undefined,
      blobs: one.problem === undefined ? name : 'missing',
      tags: [],
      problems: one.problem === undefined ? [] : [describeProblem(one.problem)],
    };
  }
  const { point, blobs, judgement } = one;
  const against = reasonsAgainst(judgement);
  return {
    stamp: point.stamp,
    moment: point.moment,
    kind: point.kind,
    dataFsBytes: point.dataFsBytes,
    storedBytes: point.storedBytes,
    check: wordsOfVerification(judgement, point.checks),
    blobs: blobs.kind === 'found' ? blobs.name : blobs.kind === 'missing' ? 'missing' : '',
    tags: point.tags,
    problems: [
      ...point.problems.map(describeProblemOfPoint),
      ...against.filter(({ kind }) => kind !== 'files').map(describeReason),
    ],
  };
}

/** As in `2 full backups; 7 daily, 12 monthly; within 30d`. */
function describeKeeping({ keep, keepRules }: Site): string {
  if (keepRules === undefined) return keep === 0 ? 'all' : String(keep);
  const { within } = keepRules;
  const periods = PERIODS.flatMap((period) =>
    keepRules[period] === 0 ? [] : `${keepRules[period]} ${period}`,
  );
  return [
    ...(keep === 0 ? [] : [count(keep, 'full backup')]),
    ...(periods.length === 0 ? [] : [periods.join(', ')]),
    ...(within === undefined ? [] : [`within ${formatSpan(within)}`]),
  ].join('; ');
}

/** Commands may carry passwords, so that only is said whether there are any; of an address, the host. */
function settingsOf(site: Site): SiteReport['settings'] {
  const command = (text: string) => (text === '' ? 'none' : 'set; not shown here');
  return [
    ...(site.buildout === undefined ? [] : ([['buildout', site.buildout]] as const)),
    ...site.storages.flatMap(({ name, dataFs, blobs }): (readonly [string, string])[] => [
      [`Data.fs of ${name}`, dataFs],
      [`blobs of ${name}`, blobs ?? 'none'],
    ]),
    ['contents', site.contents],
    ['comparison', site.comparison],
    ['compression', site.gzip ? 'gzip' : 'none'],
    ['verify_after_backup', site.verifyAfterBackup],
    ['blobs as', site.blobFormat.kind],
    ['keep', describeKeeping(site)],
    ...(site.fullEvery === undefined
      ? []
      : ([['full_every', formatSpan(site.fullEvery)]] as const)),
    ['pre_command', command(site.preCommand)],
    ['post_command', command(site.postCommand)],
    ['ping_url', site.pingUrl === undefined ? 'none' : maskAddress(site.pingUrl)],
  ];
}

/**
 * Under another name, then renamed: nobody sees a half. Failure `refused` for a name that is none of a
 * page, and where something else than an earlier report is there.
 */
async function write(path: string, text: string): Promise<void> {
  if (!/\.html?$/i.test(path)) throw notAPage(path, 'its name does not end with .html');
  const there = await readSmallFileIfFit(path);
  const isFree = there === undefined && !(await isThere(path));
  if (!isFree && there?.includes(REPORT_MARK) !== true) {
    throw notAPage(path, 'another file has this name');
  }
  await writeNewFile(path, Buffer.from(text));
}

function notAPage(path: string, state: string): Failure {
  return new Failure('refused', `Cannot write the report to "${path}": ${state}`, {
    hint: 'Nothing was changed. Name another file with --output, one that ends with .html.',
  });
}
