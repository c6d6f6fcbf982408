import { resolve } from 'node:path';
import {
  inOneLine,
  type UsedEnvironment,
  usedEnvironment,
  variablesOf,
  withVariables,
} from '../../../config/environment/environment.ts';
import type { Site } from '../../../config/model/site.ts';
import { OVERRULED_BY_WORDS } from '../../../config/plain/plain-search.ts';
import type { ResolvedSite } from '../../../config/resolve/resolve-site.ts';
import { MAIN_NAMES } from '../../../config/resolve/storage-lines.ts';
import type { ForeignLine } from '../../../config/schedule/foreign-lines.ts';
import type { ScheduleOwner } from '../../../config/schedule/schedule-owner.ts';
import {
  planJobs,
  type ScheduledJob,
  type ScheduledSite,
  type TimeOfDay,
} from '../../../config/schedule/scheduled-job.ts';
import { tomlOption } from '../../../config/toml/toml-options.ts';
import { keepsAll } from '../../../operations/inspect/disk-growth.ts';
import { findScheduledElsewhere } from '../../../operations/setup/already-scheduled.ts';
import {
  findSearchPath,
  type RequiredScript,
  requireScripts,
} from '../../../operations/setup/check-scripts.ts';
import { ownerOfData, requireRights } from '../../../operations/setup/run-rights.ts';
import type { ScheduleTarget } from '../../../operations/setup/schedule.ts';
import { Failure } from '../../../system/failure.ts';
import { quoteWord } from '../../../system/processes/shell.ts';
import { ownProgram } from '../../options/own-command.ts';
import { describeScripts } from '../../options/part-scripts.ts';
import { PING_URL_VARIABLE } from '../../options/ping-url.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import { namesPlaces } from '../../select/named-locations.ts';
import { findAnySites } from '../../select/select-site.ts';
import type { SiteSelection } from '../../select/site-selection.ts';
import type { CommandContext } from '../../terminal/run-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';

/** What the options say beside the site. */
export interface JobOptions extends SiteSelection {
  readonly at: TimeOfDay;
  readonly verify: boolean;
  readonly snapshot?: true | undefined;
  readonly zip?: true | undefined;
  readonly keep?: number | undefined;
  /** Only what can work is installed. */
  readonly install?: true | undefined;
}

/** What is to be scheduled. */
export interface FoundJobs {
  readonly jobs: readonly ScheduledJob[];
  /** Whose they are, and those that something else runs already. */
  readonly owners: readonly ScheduleOwner[];
  /** Whether the folder has no other sites: `some` also where nobody can tell. */
  readonly extent: 'all' | 'some';
}

/** The jobs of the sites that are meant. Failures `usage`, and those of {@link requireScripts}. */
export async function findJobs(
  options: JobOptions,
  { target, context }: { readonly target: ScheduleTarget; readonly context: CommandContext },
): Promise<FoundJobs> {
  const { terminal, signal } = context;
  const isForMachine = target.kind === 'systemd' && target.scope === 'system';
  const common = {
    at: options.at,
    weekly: [
      ...(options.snapshot ? (['snapshot'] as const) : []),
      ...(options.zip ? (['zip'] as const) : []),
      ...(options.verify ? (['verify'] as const) : []),
    ],
    program: ownProgram(terminal, { caller: 'these jobs' }),
    searchPath: await findSearchPath(),
  };
  const { sites, extent, environment, lines } = await scheduledSites(options, terminal);
  const { carried, left } = environment;
  for (const variable of left) {
    renderWarning({ kind: 'advice', code: 'variable-not-carried', variable }, terminal);
  }
  const jobs: ScheduledJob[] = [];
  const scripts: RequiredScript[] = [];
  for (const scheduled of sites) {
    const { site } = scheduled;
    const user = isForMachine ? await ownerOfData(site) : undefined;
    if (options.install) await requireRights(site, { user, signal });
    if (keepsAll({ ...site, keep: options.keep ?? site.keep })) {
      renderWarning({ kind: 'notice', code: 'nothing-is-removed', part: site.part }, terminal);
    }
    const own = planJobs(scheduled, { ...common, environment: carried, user });
    jobs.push(...own);
    const { buildout } = site;
    for (const { argv } of own) {
      const [path = ''] = argv;
      if (path !== common.program[0]) scripts.push({ path, buildout });
    }
  }
  await requireScripts(scripts);
  const { program } = common;
  const elsewhere = await findScheduledElsewhere(jobs, { lines, program, signal });
  for (const { job, line } of elsewhere) {
    const script = job.argv[0] ?? '';
    const found = { script, by: line.by, line: line.text };
    renderWarning({ kind: 'advice', code: 'already-scheduled', ...found }, terminal);
  }
  const isElsewhere = (job: ScheduledJob) => elsewhere.some((one) => one.job === job);
  const owners = jobs.map(({ owner }) => owner);
  return { jobs: jobs.filter((job) => !isElsewhere(job)), owners, extent };
}

async function scheduledSites(
  options: JobOptions,
  terminal: Terminal,
): Promise<{
  readonly sites: readonly ScheduledSite[];
  readonly extent: 'all' | 'some';
  readonly environment: UsedEnvironment;
  /** What the site itself puts into a crontab. */
  readonly lines: readonly ForeignLine[];
}> {
  const { found } = await findAnySites(options, { terminal, purpose: 'backup' });
  switch (found.kind) {
    case 'buildout': {
      refuseWhatPartsSay(options);
      describeScripts(found.scripts, terminal);
      const kind = 'buildout-part';
      const sites = found.parts.map(
        ({ site, bin, scripts }) => ({ kind, site, bin, scripts }) as const,
      );
      // Parts are read from their files; an address alone may stand in the environment.
      const { left } = usedEnvironment(process.env, { without: [] });
      const environment = { carried: {}, left: left.filter((name) => name === PING_URL_VARIABLE) };
      return { sites, extent: found.extent, environment, lines: found.cronLines };
    }
    case 'configured': {
      const { path: config } = found;
      const namesBackups = namesPlaces(options);
      const sites = found.sites.map(({ site }) => {
        const names = config.endsWith('.toml') ? ['--part', site.part] : [];
        const argv = [
          ...['--config', config, ...names, ...backupPlaceWords(options)],
          ...(options.blobs ? [] : ['--no-blobs']),
        ];
        const owned = namesBackups ? byItsBackups(site) : site;
        return { kind: 'configured', site: owned, argv, backupWords: keepWords(options) } as const;
      });
      const environment = withVariables(usedEnvironment(process.env, { without: [] }), {
        environment: process.env,
        names: found.variables,
      });
      return { sites, extent: namesBackups ? 'some' : found.extent, environment, lines: [] };
    }
    case 'plain': {
      const blobs = options.blobs ? 'as-found' : 'left-out';
      const { site } = found.site;
      const plain = { kind: 'plain', site, blobs, backupWords: keepWords(options) } as const;
      const used = usedEnvironment(process.env, { without: OVERRULED_BY_WORDS });
      const environment = { ...used, carried: { ...used.carried, ...pathsOf(found.site, used) } };
      const extent = namesPlaces(options) ? 'some' : 'all';
      return { sites: [plain], extent, environment, lines: [] };
    }
    default:
      return found satisfies never;
  }
}

/** Jobs with backups in folders of their own stand beside those of the site, and don't replace them. */
export function byItsBackups({ config: _, ...site }: Site): Site {
  return site;
}

function backupPlaceWords({ location, blobbackuplocation }: JobOptions): readonly string[] {
  return [
    ...(location === undefined ? [] : ['--location', resolve(location)]),
    ...(blobbackuplocation === undefined
      ? []
      : ['--blobbackuplocation', resolve(blobbackuplocation)]),
  ];
}

/** Variables with paths that are not said in words, as they are meant here: jobs run in another folder. */
function pathsOf(
  { site, resolved }: ResolvedSite,
  { carried }: UsedEnvironment,
): Readonly<Record<string, string>> {
  const linesOf = (argv: readonly (readonly string[])[]) =>
    argv.map((line) => line.map(quoteWord).join(' ')).join('\n');
  const additional = site.storages
    .filter(({ name }) => !MAIN_NAMES.includes(name))
    .map(({ name, dataFs, blobs }) => [name, dataFs, ...(blobs === undefined ? [] : [blobs])]);
  const sources = site.storages.flatMap(({ name, folders: { alternative } }) =>
    alternative === undefined
      ? []
      : [
          [
            name,
            alternative.filestorage,
            ...(alternative.blobs === undefined ? [] : [alternative.blobs]),
          ],
        ],
  );
  const paths = resolved
    .filter(({ name }) => tomlOption(name)?.kind === 'path')
    .map(({ name, value }) => [name, value] as const);
  const known = [
    ...paths,
    ['additional_filestorages', linesOf(additional)] as const,
    ['alternative_restore_source', linesOf(sources)] as const,
  ].map(([name, value]) => [variablesOf(name)[0] ?? '', inOneLine(value) ?? value] as const);
  return Object.fromEntries(known.filter(([variable]) => carried[variable] !== undefined));
}

function keepWords({ keep }: JobOptions): readonly string[] {
  return keep === undefined ? [] : ['--keep', String(keep)];
}

function refuseWhatPartsSay({ keep, blobs }: JobOptions): void {
  const said = [...(keep === undefined ? [] : ['--keep']), ...(blobs ? [] : ['--no-blobs'])];
  if (said.length === 0) return;
  throw new Failure('usage', `Cannot use ${said.join(' and ')} in a buildout: the part says it`, {
    hint: 'Set keep or backup_blobs in the part, and run "zodbvault install".',
  });
}
