import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { OpenBackups } from '../../src/blobs/open-backups.ts';
import type { CopySettings } from '../../src/config/model/copy-settings.ts';
import { retarget } from '../../src/config/model/relocate-site.ts';
import type { Site } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import {
  type CopyReading,
  openCopiedSite,
  type WantedOfCopy,
} from '../../src/operations/from-copy/open-copied-site.ts';
import { objectsOfSite, siteMeant } from '../../src/operations/from-copy/sites-of-copy.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import type { SiteRestoreSettings } from '../../src/operations/restore/site-restore-plan.ts';
import type { RestoreTarget } from '../../src/repository/restore-target.ts';
import type { ObjectStore } from '../../src/stores/objects/object-store.ts';
import { BY_NODE } from './backup-settings.ts';
import { countedObjects } from './counted-objects.ts';
import { growDatabase } from './database.ts';
import { quietContext } from './quiet-context.ts';
import { newSite, type TestSite } from './site.ts';

let made = 0;

/** A site that was backed up on some days, and what its Data.fs was on each. */
export interface CopiedTestSite {
  readonly test: TestSite;
  readonly site: Site;
  readonly copy: CopySettings;
  /** The folder with the copy. */
  readonly place: string;
  readonly states: readonly Buffer[];
}

/** Five days: the last two are a chain of their own. */
const FIVE_DAYS = ['as-set', 'as-set', 'as-set', 'always', 'as-set'] as const;

/** Makes one, and a copy of its backups in a folder. @param days - whether the backup of each is a full one */
export async function copiedSite(
  scratch: string,
  change: Partial<Site> = {},
  days: readonly ('as-set' | 'always')[] = FIVE_DAYS,
): Promise<CopiedTestSite> {
  const test = await newSite(scratch, 25);
  const { site: found } = await findPlainSite(test.folder, {
    written: NOTHING_NAMED,
    purpose: 'backup',
  });
  const place = join(scratch, `place-${++made}`);
  mkdirSync(place);
  const copy: CopySettings = {
    ...{ url: place, name: 'nas', site: 'plone', keep: 0 },
    ...{
      singleWriter: false,
      appendOnly: false,
      lockDays: 0,
      recipients: [],
      compression: 'as-is',
    },
  };
  const site: Site = { ...found, ...change, copies: [copy] };
  const states: Buffer[] = [];
  for (const [day, full] of days.entries()) {
    await growDatabase(test.dataFs, { transactions: 2 });
    const now = () => new Date(Date.UTC(2026, 2, day + 1, 2));
    await backUpSite({ ...BY_NODE, site, full, now }, quietContext());
    states.push(readFileSync(test.dataFs));
  }
  return { test, site, copy, place, states };
}

/** The names by which restore points are asked for. */
export function stampOfDay(day: number): string {
  return `2026-03-0${day}-02-00-00`;
}

/** What a machine sees that has nothing but the place. */
export async function seenFrom(
  store: ObjectStore,
  {
    target = 'all',
    chain = 'last',
    kind = 'all',
    looks,
    folder,
    identities,
  }: Partial<WantedOfCopy & Pick<CopyReading, 'folder' | 'identities'>> = {},
) {
  const objects = countedObjects(store);
  const name = await siteMeant(objects, undefined);
  const wanted = { kind, target, chain, looks };
  const how = { name, called: 'nas', live: undefined, wanted, identities, folder };
  const opened = await openCopiedSite(objectsOfSite(objects, name), how);
  const backups = new OpenBackups();
  backups.attach(opened.attached);
  const context = { ...quietContext(), backups };
  return { ...opened, backups, context, requests: objects.requests };
}

/** Restores a site to a new folder out of such a place, and gives that. */
export async function restoreFrom(
  store: ObjectStore,
  { scratch, wanted }: { readonly scratch: string; readonly wanted: RestoreTarget },
) {
  const seen = await seenFrom(store, { target: wanted });
  await using _backups = seen.backups;
  const to = join(scratch, `restored-${++made}`);
  const now = () => new Date(Date.UTC(2026, 2, 9));
  const settings: SiteRestoreSettings = {
    ...{ site: retarget(seen.site, to), kind: 'backup', wanted, damagedBlobs: 'refuse', now },
    ...{ heldLock: 'refuse', earlierState: 'append', old: 'keep', guess: 'refuse' },
    agreed: undefined,
  };
  await restoreSite(settings, seen.context);
  const dataFs = join(to, 'filestorage/Data.fs');
  return { dataFs, blobs: join(to, 'blobstorage'), requests: seen.requests };
}

/** Paths of the files below a folder, sorted. */
export function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** Whether two blob directories have the same files, byte by byte. */
export function expectSameBlobs(restored: string, live: string): void {
  expect(filesBelow(restored)).toEqual(filesBelow(live));
  for (const path of filesBelow(live)) {
    expect(readFileSync(join(restored, path)).equals(readFileSync(join(live, path)))).toBe(true);
  }
}
