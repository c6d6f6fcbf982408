import { readdir, readFile, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isInScope, type ScheduleScope } from '../../config/schedule/schedule-owner.ts';
import type { ScheduledJob } from '../../config/schedule/scheduled-job.ts';
import { formatUnits, isUnitName, unitOwner } from '../../config/schedule/systemd-units.ts';
import { absent } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { syncDirectory, writeNewFile } from '../../system/files/new-file.ts';
import type { Rights } from '../../system/files/rights.ts';
import {
  isSystemdRunning,
  type SystemdScope,
  systemctlWords,
  unitFolder,
} from '../../system/processes/systemd.ts';
import type { UnitStep } from '../run/setup-steps.ts';

/** A unit that is wanted, by its path. */
export interface PlacedUnit {
  readonly path: string;
  readonly content: string;
}

/** The services and timers of jobs. Failure `usage` for what a unit has no way to say. */
export function placeUnits(
  jobs: readonly ScheduledJob[],
  systemd: SystemdScope,
): readonly PlacedUnit[] {
  return jobs
    .flatMap((job) => Object.values(formatUnits(job)))
    .map(({ name, content }) => ({ path: join(unitFolder(systemd), name), content }));
}

/**
 * Decides what has to be done so that `jobs` are all that systemd has within `scope`. Failure
 * `refused` where something else wrote a unit of the same name.
 */
export async function planUnits({
  jobs,
  scope,
  systemd,
}: {
  readonly jobs: readonly ScheduledJob[];
  readonly scope: ScheduleScope;
  readonly systemd: SystemdScope;
}): Promise<readonly UnitStep[]> {
  const there = await readUnits(unitFolder(systemd));
  const wanted = placeUnits(jobs, systemd);
  refuseForeign(wanted, there);
  const written = wanted.filter(({ path, content }) => there.get(path) !== content);
  const gone = [...there].filter(([path, content]) => {
    const owner = unitOwner(content);
    const isWanted = wanted.some((one) => one.path === path);
    return owner !== undefined && isInScope(owner, scope) && !isWanted;
  });
  const removed = gone.map(([path]) => path);
  const isRunning = await isSystemdRunning();
  const control = (argv: readonly string[]): UnitStep => ({
    kind: isRunning ? 'systemctl' : 'tell-systemctl',
    argv: systemctlWords(systemd, argv),
  });
  const forTimers = (argv: readonly string[], paths: readonly string[]) => {
    const names = paths.map((path) => basename(path)).filter((name) => name.endsWith('.timer'));
    return names.length === 0 ? [] : [control([...argv, ...names])];
  };
  const isChanged = written.length + removed.length > 0;
  return [
    // Before its file goes; where no systemd runs, there is nothing to stop.
    ...(isRunning ? forTimers(['disable', '--now'], removed) : []),
    ...written.map((unit) => ({ kind: 'write-unit', ...unit }) as const),
    ...removed.map((path) => ({ kind: 'remove-unit', path }) as const),
    ...(isChanged && (isRunning || written.length > 0) ? [control(['daemon-reload'])] : []),
    ...(isChanged || isRunning
      ? forTimers(
          ['enable', '--now'],
          wanted.map(({ path }) => path),
        )
      : []),
    // A timer that runs already takes a new time only then.
    ...(isRunning
      ? forTimers(
          ['restart'],
          written.map(({ path }) => path),
        )
      : []),
  ];
}

/** Like every unit: it holds paths, and no secret. */
const READABLE: Rights = { kind: 'exact', mode: 0o644 };

export async function writeUnit(path: string, content: string): Promise<void> {
  await makeFolder(dirname(path), { rights: READABLE });
  await writeNewFile(path, Buffer.from(content), { rights: READABLE });
}

export async function removeUnit(path: string): Promise<void> {
  await withSystemErrors(`remove "${path}"`, async () => {
    await unlink(path);
    await syncDirectory(dirname(path));
  });
}

/** The units in a folder that may be ours, by their paths. */
async function readUnits(folder: string): Promise<ReadonlyMap<string, string>> {
  return withSystemErrors(`read the units in "${folder}"`, async () => {
    const names = (await readdir(folder).catch(absent)) ?? [];
    const paths = names.filter(isUnitName).map((name) => join(folder, name));
    return new Map(
      await Promise.all(paths.map(async (path) => [path, await readFile(path, 'utf8')] as const)),
    );
  });
}

function refuseForeign(wanted: readonly PlacedUnit[], there: ReadonlyMap<string, string>): void {
  const foreign = wanted.filter(({ path }) => {
    const content = there.get(path);
    return content !== undefined && unitOwner(content) === undefined;
  });
  if (foreign.length === 0) return;
  const list = foreign.map(({ path }) => `"${path}"`).join(', ');
  throw new Failure('refused', `Cannot write ${list}: something else wrote it`, {
    hint: 'Nothing was changed. Move it away, then run the command again.',
  });
}
