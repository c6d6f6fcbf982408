import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { CopySettings } from '../../src/config/model/copy-settings.ts';
import { retarget } from '../../src/config/model/relocate-site.ts';
import type { Site } from '../../src/config/model/site.ts';
import { NOTHING_NAMED } from '../../src/config/plain/plain-search.ts';
import { findPlainSite } from '../../src/config/plain/plain-site.ts';
import { PLACE_KINDS } from '../../src/copies/layout/place.ts';
import { backUpSite } from '../../src/operations/backup/backup-site.ts';
import { pushSite } from '../../src/operations/copies/push-site.ts';
import { restoreSite } from '../../src/operations/restore/restore-site.ts';
import { LATEST_BACKUP } from '../../src/repository/restore-target.ts';
import type { ObjectStore } from '../../src/stores/objects/object-store.ts';
import { newKeyPair } from '../../src/system/age/keys.ts';
import { BY_NODE } from './backup-settings.ts';
import { expectSameBlobs, seenFrom } from './copied-site.ts';
import { growDatabase } from './database.ts';
import { quietContext } from './quiet-context.ts';
import { newSite } from './site.ts';

/** A site with two storages, which has backups of each kind, and what opens a copy of it. */
export interface TwoStorages {
  readonly site: Site;
  readonly copy: CopySettings;
  readonly identities: (() => Promise<readonly string[]>) | undefined;
  /** What each Data.fs was, by kind and storage, when it was last backed up. */
  readonly states: ReadonlyMap<string, Buffer>;
}

/** Makes one. @param form - of its copy */
export async function siteOfTwoStorages(
  scratch: string,
  form: 'as-is' | 'compressed and encrypted',
): Promise<TwoStorages> {
  const [main, other] = [await newSite(scratch, 12), await newSite(scratch, 8)];
  const search = { written: NOTHING_NAMED, purpose: 'backup' } as const;
  const { site: found } = await findPlainSite(main.folder, search);
  const below = (name: string) => ({
    filestorage: join(main.folder, 'var', `${name}_catalog`),
    blobs: join(main.folder, 'var', `${name}-blobs_catalog`),
  });
  const catalog = {
    ...{ name: 'catalog', dataFs: other.dataFs, blobs: join(other.folder, 'var/blobstorage') },
    folders: { backup: below('backups'), snapshot: below('snapshots'), zip: below('zips') },
  };
  const site = { ...found, storages: [catalog, ...found.storages] };
  const states = new Map<string, Buffer>();
  for (const [day, kind] of (['backup', 'snapshot', 'zip', 'backup'] as const).entries()) {
    for (const { dataFs } of site.storages) await growDatabase(dataFs, { transactions: 1 });
    const now = () => new Date(Date.UTC(2026, 2, day + 1, 2));
    await backUpSite({ ...BY_NODE, site, kind, full: 'as-set', now }, quietContext());
    for (const { name, dataFs } of site.storages)
      states.set(`${kind} ${name}`, readFileSync(dataFs));
  }
  const pair = form === 'as-is' ? undefined : await newKeyPair();
  return {
    site,
    states,
    copy: {
      ...{ url: '/nowhere', name: 'nas', site: 'plone', keep: 0 },
      ...{ singleWriter: false, appendOnly: false, lockDays: 0 },
      recipients: pair === undefined ? [] : [pair.recipient],
      compression: pair === undefined ? 'as-is' : 'zstd',
    },
    identities: pair && (async () => [pair.identity]),
  };
}

/** Copies all of it to a store, and brings each kind of backup back out of that alone. */
export async function expectBack(
  { site, copy, identities, states }: TwoStorages,
  { open, folder }: { readonly open: () => Promise<ObjectStore>; readonly folder: string },
): Promise<void> {
  const now = () => new Date(Date.UTC(2026, 2, 6));
  const pushed = await pushSite({ site, copy, now, open }, quietContext());
  expect(pushed).toMatchObject({ points: 8 });
  for (const kind of PLACE_KINDS) {
    const target = kind === 'backup' ? LATEST_BACKUP : 'all';
    const seen = await seenFrom(await open(), { target, kind, identities });
    await using _backups = seen.backups;
    const to = join(folder, kind);
    await restoreSite(
      {
        ...{ site: retarget(seen.site, to), kind, wanted: LATEST_BACKUP, now },
        ...{ heldLock: 'refuse', earlierState: 'append', old: 'keep', guess: 'refuse' },
        ...{ damagedBlobs: 'refuse', agreed: undefined },
      },
      seen.context,
    );
    for (const { name, blobs = '' } of site.storages) {
      const dataFs = readFileSync(join(to, `filestorage/${name}.fs`));
      expect(dataFs.equals(states.get(`${kind} ${name}`) ?? Buffer.alloc(0))).toBe(true);
      const restored = name === 'Data' ? 'blobstorage' : `blobstorage-${name}`;
      expectSameBlobs(join(to, restored), blobs);
    }
  }
}
