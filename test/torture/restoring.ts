import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { BackupKind } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import { decodeScript } from '../../src/config/recipe/script-text.ts';
import { restore } from '../../src/operations/restore/restore-filestorage.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import type { SiteRestoreSettings } from '../../src/operations/restore/site-restore-plan.ts';
import { TO_EMPTY_PLACE } from '../../src/operations/restore/site-restore-plan.ts';
import { parseRestoreTarget } from '../../src/repository/restore-target.ts';
import { Failure } from '../../src/system/failure.ts';
import { blobState } from '../support/blobs.ts';
import { quietContext } from '../support/quiet-context.ts';
import { copyFolder } from './workplace.ts';

/** Where everything is below a site's folder. */
export const PLACES = {
  dataFs: 'var/filestorage/Data.fs',
  blobs: 'var/blobstorage',
} as const;

/** A state of a site: checksums of its Data.fs and of each blob. */
export interface SiteState {
  readonly dataFs: string;
  readonly blobs: Readonly<Record<string, string>>;
}

/**
 * Where the backups are that a scenario is about, and how to restore from them: those of a part of a
 * buildout, those of a site in the usual places, or those of a Data.fs alone.
 */
export type Source =
  | { readonly kind: 'recipe'; readonly of: Exclude<BackupKind, 'alternative'> }
  | { readonly kind: 'plain' }
  | { readonly kind: 'repository'; readonly path: string };

export function stateOf(folder: string, { kind }: Source): SiteState {
  const blobs = kind === 'repository' ? {} : blobState(join(folder, PLACES.blobs));
  return { dataFs: md5Of(join(folder, PLACES.dataFs)), blobs };
}

export function sameState(state: SiteState, other: SiteState): boolean {
  return JSON.stringify(state) === JSON.stringify(other);
}

/** What a restore gave: a state and the moment it is of, or a failure. */
export type Restored =
  | { readonly kind: 'state'; readonly stamp: string; readonly state: SiteState }
  | { readonly kind: 'failure'; readonly message: string };

/** Copies a site without its live data: that, and what a restore may have left beside it. */
export async function copyBackups(site: string, copy: string): Promise<void> {
  await copyFolder(site, copy);
  for (const name of readdirSync(join(copy, 'var'))) {
    const isLive = /^(filestorage|blobstorage|\.blobstorage\..*)$/.test(name);
    if (isLive) rmSync(join(copy, 'var', name), { recursive: true });
  }
}

/**
 * Restores in a folder that {@link copyBackups} made.
 *
 * @param original - the folder that it was copied from, of which its scripts speak
 * @param date - undefined: the newest
 */
export async function restoreCopy(
  folder: string,
  {
    original,
    source,
    date,
  }: { readonly original: string; readonly source: Source; readonly date: string | undefined },
): Promise<Restored> {
  const context = quietContext();
  const selection = {
    wanted: parseRestoreTarget(date),
    ...TO_EMPTY_PLACE,
    now: () => new Date(),
  } as const;
  try {
    const done =
      source.kind === 'repository'
        ? await restore(
            {
              repository: join(folder, source.path),
              target: join(folder, PLACES.dataFs),
              ...selection,
            },
            context,
          )
        : (
            await restoreSite(
              { ...(await siteOfCopy(folder, { original, source })), ...selection },
              context,
            )
          )[0];
    const stamp = done?.plan.point.stamp ?? '';
    return { kind: 'state', stamp, state: stateOf(folder, source) };
  } catch (error) {
    if (error instanceof Failure) return { kind: 'failure', message: error.message };
    throw error;
  }
}

async function siteOfCopy(
  folder: string,
  {
    original,
    source,
  }: { readonly original: string; readonly source: Exclude<Source, { kind: 'repository' }> },
): Promise<Pick<SiteRestoreSettings, 'site' | 'kind'>> {
  if (source.kind === 'plain') {
    const { site } = await findPlainSite(folder, { written: NOTHING_NAMED, purpose: 'restore' });
    return { site, kind: 'backup' };
  }
  const text = readFileSync(join(original, 'bin/restore'), 'utf8').replaceAll(original, folder);
  const script = decodeScript(text);
  if (script === undefined) throw new Error('bin/restore is no script of ours');
  return { site: script.site, kind: source.of };
}

function md5Of(path: string): string {
  if (!existsSync(path)) return 'is not there';
  return createHash('md5').update(readFileSync(path)).digest('hex');
}
