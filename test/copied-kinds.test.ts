import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { writePlainSite } from '../src/operations/from-copy/plain/write-plain-site.ts';
import { folderObjects } from '../src/stores/objects/folder-objects.ts';
import { seenFrom } from './support/copied-site.ts';
import { scratchFolder } from './support/scratch.ts';
import { expectBack, siteOfTwoStorages } from './support/two-storages.ts';

const scratch = scratchFolder();

describe('a site with two storages, snapshots and zips', () => {
  it.each(['as-is', 'compressed and encrypted'] as const)(
    'comes back out of a copy that is %s, and is written to folders',
    async (form) => {
      const two = await siteOfTwoStorages(scratch, form);
      const place = join(scratch, form);
      mkdirSync(place);
      const back = join(scratch, `${form} back`);
      await expectBack(two, { open: async () => folderObjects(place), folder: back });
      const folder = join(scratch, `${form} plain`);
      const { identities } = two;
      const seen = await seenFrom(folderObjects(place), { folder, identities, chain: 'whole' });
      await using _backups = seen.backups;
      const now = () => new Date(Date.UTC(2026, 2, 9));
      await writePlainSite({ site: seen.site, folder, from: 'nas', now }, seen.context);
      expect(readdirSync(folder).sort()).toEqual(
        ['backups', 'blobstoragebackups', 'snapshotbackups', 'blobstoragesnapshots']
          .concat(['zipbackups', 'blobstoragezips'])
          .flatMap((name) => [name, `${name}_catalog`])
          .sort(),
      );
    },
    120_000,
  );
});
