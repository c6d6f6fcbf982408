import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OpenBackups } from '../src/blobs/open-backups.ts';
import type { CopySettings } from '../src/config/model/copy-settings.ts';
import { NOTHING_NAMED } from '../src/config/plain/plain-search.ts';
import { findPlainSite } from '../src/config/plain/plain-site.ts';
import { backUpSite } from '../src/operations/backup/backup-site.ts';
import { listFolder } from '../src/operations/content/list-folder.ts';
import { openCopiedSite } from '../src/operations/from-copy/open-copied-site.ts';
import { objectsOfSite } from '../src/operations/from-copy/sites-of-copy.ts';
import { LATEST_BACKUP, type RestoreTarget } from '../src/repository/restore-target.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import type { ObjectStore } from '../src/stores/objects/object-store.ts';
import { BY_NODE } from './support/backup-settings.ts';
import { growDatabase } from './support/database.ts';
import { quietContext } from './support/quiet-context.ts';
import { scratchFolder } from './support/scratch.ts';
import { newSite } from './support/site.ts';

const scratch = scratchFolder();

/** Counts what is read of objects. */
function countingReads(store: ObjectStore): ObjectStore & { readonly read_: () => Reads } {
  let bytes = 0;
  let requests = 0;
  return {
    ...store,
    read_: () => ({ bytes, requests }),
    pages: (prefix) => {
      requests += 1;
      return store.pages(prefix);
    },
    read: async function* (key, range) {
      requests += 1;
      for await (const chunk of store.read(key, range)) {
        bytes += chunk.length;
        yield chunk;
      }
    },
  };
}

interface Reads {
  readonly bytes: number;
  readonly requests: number;
}

it('one folder of a database comes out of a copy without a download of the site', async () => {
  const test = await newSite(scratch, 20);
  const { site: found } = await findPlainSite(test.folder, {
    written: NOTHING_NAMED,
    purpose: 'backup',
  });
  const place = join(scratch, 'nas');
  mkdirSync(place);
  const copy: CopySettings = {
    ...{
      url: place,
      name: 'nas',
      site: 'plone',
      keep: 0,
      singleWriter: false,
      appendOnly: false,
      lockDays: 0,
    },
    ...{ recipients: [], compression: 'as-is' },
  };
  const site = { ...found, copies: [copy] };
  for (let day = 1; day <= 2; day++) {
    await growDatabase(test.dataFs, { transactions: 20, bytesEach: 1 << 20 });
    const now = () => new Date(Date.UTC(2026, 2, day, 2));
    await backUpSite({ ...BY_NODE, site, full: 'as-set', now }, quietContext());
  }
  const whole = 40 << 20;
  const listed = async (target: RestoreTarget) => {
    const objects = countingReads(folderObjects(place));
    const wanted = { kind: 'backup', target, chain: 'whole' } as const;
    const { site: copied, attached } = await openCopiedSite(objectsOfSite(objects, 'plone'), {
      ...{ name: 'plone', called: 'nas', live: undefined, wanted, identities: undefined },
    });
    await using backups = new OpenBackups();
    backups.attach(attached);
    const names: string[] = [];
    const moment = { kind: 'target', target, backupKind: 'backup' } as const;
    const context = { ...quietContext(), backups };
    const content = { site: copied, storage: undefined, moment, context };
    for await (const { name } of listFolder(content, '/')) names.push(name);
    return { names, ...objects.read_() };
  };
  const latest = await listed(LATEST_BACKUP);
  expect(latest.names.length).toBeGreaterThan(1);
  expect(latest.bytes).toBeLessThan(whole / 8);
  expect(latest.requests).toBeLessThan(25);
  const date = '2026-03-01-02-00-00';
  const upTo = 0n;
  const moment = { kind: 'date', date, upTo, isFuture: false } as never;
  const earlier = await listed({ kind: 'moment', moment, chain: undefined, isExact: false });
  expect(earlier.names.length).toBeGreaterThan(1);
  expect(earlier.bytes).toBeLessThan(whole / 8);
}, 120_000);
