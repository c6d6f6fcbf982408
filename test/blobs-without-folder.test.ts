import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import { retarget } from '../src/config/model/relocate-site.ts';
import type { Site } from '../src/config/model/site.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { restoreSite } from '../src/operations/restore/restore-site.ts';
import type { SiteRestoreSettings } from '../src/operations/restore/site-restore-plan.ts';
import type { JobEvent } from '../src/operations/run/events.ts';
import { verifySiteDeep } from '../src/operations/verify/verify-site-deep.ts';
import { LATEST_BACKUP } from '../src/repository/restore-target.ts';
import { folderStore } from '../src/stores/folder-store.ts';
import type { TreeReader } from '../src/stores/tree-reader.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { outcomeOf } from './support/outcome.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite, type TestSite } from './support/site.ts';

const scratch = scratchFolder();
const now = () => new Date(Date.UTC(2026, 2, 1, 2));
let test: TestSite;
let site: Site;

beforeEach(async () => {
  test = await newSite(scratch);
  site = (await findPlainSite(test.folder, { written: NOTHING_NAMED, purpose: 'backup' })).site;
  await backUpSite({ ...BY_NODE, site, full: 'as-set', now }, quietContext());
}, 120_000);

/** Folders of which nobody may ask where they are, as if they were on a server. */
function withoutFolders(): OpenBackups {
  return new OpenBackups((path, how) => {
    const store = folderStore(path, how);
    return { ...store, localFolder: undefined, tree: (name) => elsewhere(store.tree(name)) };
  });
}

function elsewhere(tree: TreeReader): TreeReader {
  return { ...tree, localFolder: undefined, below: (folder) => elsewhere(tree.below(folder)) };
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

/** The file of a blob in the copy that was made. */
function blobInCopy(): string {
  const folder = join(test.folder, 'var/blobstoragebackups');
  const [path] = filesIn(folder).filter((one) => one.endsWith('.blob'));
  if (path === undefined) throw new Error('the copy has no blob');
  return join(folder, path);
}

async function restoreElsewhere(damagedBlobs: SiteRestoreSettings['damagedBlobs'] = 'refuse') {
  const to = join(scratch, `restored-${Math.random()}`);
  const events: JobEvent[] = [];
  const settings: SiteRestoreSettings = {
    ...{ site: retarget(site, to), kind: 'backup', wanted: LATEST_BACKUP, damagedBlobs, now },
    ...{ heldLock: 'refuse', earlierState: 'append', old: 'keep', guess: 'accept' },
    agreed: undefined,
  };
  const context = { ...quietContext((event) => events.push(event)), backups: withoutFolders() };
  const outcome = await outcomeOf(() => restoreSite(settings, context));
  return { to, outcome, events };
}

describe('blobs in a store that is no folder of this machine', () => {
  it('come back byte by byte, for nobody else to write to', async () => {
    const { to, outcome } = await restoreElsewhere();
    expect(outcome).toMatchObject({ kind: 'result' });
    const [live, restored] = [join(test.folder, 'var/blobstorage'), join(to, 'blobstorage')];
    expect(filesIn(restored)).toEqual(filesIn(live));
    expect(filesIn(restored).some((path) => path.endsWith('.blob'))).toBe(true);
    for (const path of filesIn(live)) {
      expect(readFileSync(join(restored, path)).equals(readFileSync(join(live, path)))).toBe(true);
      expect(statSync(join(restored, path)).mode).toBe(statSync(join(live, path)).mode);
    }
    expect(statSync(restored).mode & 0o777).toBe(0o700);
  });

  it('are held against their checksums: a restore of damaged ones replaces nothing', async () => {
    const blob = blobInCopy();
    const bytes = readFileSync(blob);
    chmodSync(blob, 0o600);
    writeFileSync(blob, Buffer.from(bytes).fill(1, 0, 1));
    const { to, outcome } = await restoreElsewhere();
    expect(outcome).toMatchObject({ kind: 'failure', code: 'damaged' });
    expect(existsSync(join(to, 'blobstorage'))).toBe(false);
    const accepted = await restoreElsewhere('accept');
    expect(accepted.outcome).toMatchObject({ kind: 'result' });
    const warned = accepted.events.flatMap((one) => (one.kind === 'warning' ? [one.code] : []));
    expect(warned).toContain('damaged-blobs-restored');
  });

  it('are read whole by a deep verification, which names what is damaged', async () => {
    const all = { kind: 'all' } as const;
    const settings = { site, kind: 'backup', points: all, sample: all, now } as const;
    const findings = async () => {
      const found: unknown[] = [];
      const context = { ...quietContext(), backups: withoutFolders() };
      for await (const { point } of verifySiteDeep(settings, context))
        found.push(...point.findings);
      return found;
    };
    expect(await findings()).toEqual([]);
    const blob = blobInCopy();
    const bytes = readFileSync(blob);
    chmodSync(blob, 0o600);
    writeFileSync(blob, Buffer.from(bytes).fill(1, 0, 1));
    expect(JSON.stringify(await findings())).toContain('.blob');
  });
});
