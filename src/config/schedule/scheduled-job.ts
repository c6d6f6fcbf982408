import { join } from 'node:path';
import { Failure } from '../../system/failure.ts';
import type { Site } from '../model/site.ts';
import { type ScriptName, scriptFileName } from '../resolve/script-names.ts';
import { ownerOf, type ScheduleOwner } from './schedule-owner.ts';

/** A time of the day, local. */
export interface TimeOfDay {
  /** 0 to 23. */
  readonly hour: number;
  /** 0 to 59. */
  readonly minute: number;
}

/** Days are counted as cron does: 0 is Sunday. */
export type Rhythm =
  | { readonly kind: 'daily' }
  | { readonly kind: 'weekly'; readonly day: 0 | 1 | 2 | 3 | 4 | 5 | 6 };

/** A command that is to be run again and again. */
export interface ScheduledJob {
  readonly kind: JobKind;
  readonly owner: ScheduleOwner;
  /** Program and arguments; all paths are absolute. */
  readonly argv: readonly string[];
  /** What PATH must be; undefined: what cron gives is enough. */
  readonly searchPath: string | undefined;
  /** Variables that it needs. */
  readonly environment: Readonly<Record<string, string>>;
  /** As whom the machine's systemd runs it; undefined: whoever schedules it. */
  readonly user: string | undefined;
  readonly time: TimeOfDay;
  readonly rhythm: Rhythm;
}

export type JobKind = 'backup' | 'snapshot' | 'zip' | 'verify';

/** A site, and what its jobs run. */
export type ScheduledSite =
  /** The scripts that were installed in `bin`. */
  | {
      readonly kind: 'buildout-part';
      readonly site: Site;
      readonly bin: string;
      readonly scripts: readonly ScriptName[];
    }
  /** The plain commands, with the file that says everything. */
  | {
      readonly kind: 'configured';
      readonly site: Site;
      readonly argv: readonly string[];
      readonly backupWords: readonly string[];
    }
  /** The plain commands, with words that are added to those of a backup. */
  | {
      readonly kind: 'plain';
      readonly site: Site;
      readonly blobs: 'as-found' | 'left-out';
      readonly backupWords: readonly string[];
    };

/** What the jobs of a site are to be. */
export interface ScheduleOptions {
  /** When the daily backup is made. */
  readonly at: TimeOfDay;
  /** Jobs beside the backup; they are weekly. */
  readonly weekly: readonly Exclude<JobKind, 'backup'>[];
  /** The words that run zodbvault. */
  readonly program: readonly string[];
  readonly searchPath: string | undefined;
  readonly environment: Readonly<Record<string, string>>;
  readonly user: string | undefined;
}

/** Saturday and Sunday nights, each behind the daily backup of that night. */
const WEEKLY = {
  snapshot: { day: 6, hoursLater: 1 },
  zip: { day: 6, hoursLater: 2 },
  verify: { day: 0, hoursLater: 2 },
} as const satisfies Readonly<Record<Exclude<JobKind, 'backup'>, object>>;

const SCRIPT_OF = {
  backup: 'backup',
  snapshot: 'snapshotbackup',
  zip: 'zipbackup',
} as const satisfies Readonly<Record<Exclude<JobKind, 'verify'>, ScriptName>>;

/** The jobs of a site, the backup first. Failure `usage` for a job that the part has no script for. */
export function planJobs(
  scheduled: ScheduledSite,
  options: ScheduleOptions,
): readonly ScheduledJob[] {
  const { at, weekly, searchPath, environment, user } = options;
  const job = (kind: JobKind, time: TimeOfDay, rhythm: Rhythm): ScheduledJob => ({
    kind,
    owner: ownerOf(scheduled.site),
    argv: wordsOf(kind, { scheduled, options }),
    searchPath,
    environment,
    user,
    time,
    rhythm,
  });
  return [
    job('backup', at, { kind: 'daily' }),
    ...weekly.map((kind) => {
      const { day, hoursLater } = WEEKLY[kind];
      const time = { hour: (at.hour + hoursLater) % 24, minute: at.minute };
      return job(kind, time, { kind: 'weekly', day });
    }),
  ];
}

function wordsOf(
  kind: JobKind,
  { scheduled, options }: { readonly scheduled: ScheduledSite; readonly options: ScheduleOptions },
): readonly string[] {
  const { site } = scheduled;
  switch (scheduled.kind) {
    case 'buildout-part': {
      if (kind !== 'verify') return [scriptPath(scheduled, SCRIPT_OF[kind]), '-q'];
      if (site.buildout === undefined) throw new RangeError('a part without a buildout');
      return [...options.program, 'verify', '-q', '-c', site.buildout, '--part', site.part];
    }
    case 'configured':
    case 'plain': {
      const places = scheduled.kind === 'plain' ? placeWords(scheduled) : scheduled.argv;
      if (kind === 'verify') return [...options.program, 'verify', '-q', ...places];
      const kindWords = kind === 'backup' ? [] : ['--kind', kind];
      const more = [...kindWords, ...scheduled.backupWords];
      return [...options.program, 'backup', '-q', ...more, ...places];
    }
    default:
      return scheduled satisfies never;
  }
}

function scriptPath(
  { site, bin, scripts }: Extract<ScheduledSite, { kind: 'buildout-part' }>,
  name: ScriptName,
): string {
  if (scripts.includes(name)) return join(bin, scriptFileName(site.part, name));
  throw new Failure(
    'usage',
    `Cannot schedule ${name}: the part [${site.part}] has no such script`,
    {
      hint: { kind: 'enable-script', script: name },
    },
  );
}

/** Whatever was found, in words: where a job runs, nothing can be found. */
function placeWords({ site, blobs }: Extract<ScheduledSite, { kind: 'plain' }>): readonly string[] {
  const main = site.storages.at(-1);
  if (main === undefined) throw new RangeError('a site without a storage');
  const { dataFs, blobs: blobFolder, folders } = main;
  const { filestorage, blobs: blobBackups } = folders.backup;
  return [
    ...['--datafs', dataFs, '--location', filestorage],
    ...(blobFolder === undefined ? [] : ['--blob-storage', blobFolder]),
    ...(blobBackups === undefined ? [] : ['--blobbackuplocation', blobBackups]),
    ...(blobs === 'left-out' ? ['--no-blobs'] : []),
  ];
}
