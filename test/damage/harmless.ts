import { readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { lose } from './damage-case.ts';
import type { Place, SiteName } from './healthy-sites.ts';

/** What happens to backups and harms nothing: a restore gives every byte back, and has nothing to say. */
export interface HarmlessChange {
  readonly name: string;
  readonly site: SiteName;
  readonly change: (place: Place) => void;
}

export const HARMLESS: readonly HarmlessChange[] = [
  {
    name: 'times of files changed',
    site: 'plain',
    change: ({ repository, blobFolder }) => {
      for (const folder of [repository, blobFolder]) {
        for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
          if (!name.endsWith('latest')) utimesSync(join(folder, name), 1, 1);
        }
      }
    },
  },
  {
    name: 'records beside data files lost: then the .dat alone speaks, as of what repozo made',
    site: 'gzip',
    change: (place) => {
      for (const number of [0, 1, 2]) lose(place.side(number, 'json'));
    },
  },
  {
    name: 'the record of an archive lost: then the archive is one that the recipe could have made',
    site: 'tar-gzip',
    change: (place) => lose(`${place.entry(2)}.json`),
  },
  {
    name: 'record and checksums of a copy lost: then it is one that the recipe could have made',
    site: 'plain',
    change: (place) => {
      lose(join(place.entry(2), '.zodbvault.json'));
      lose(join(place.entry(2), '.zodbvault.sums'));
    },
  },
  {
    name: '"latest" lost',
    site: 'plain',
    change: ({ blobFolder }) => rmSync(join(blobFolder, 'latest')),
  },
  {
    name: '"latest" that leads to an older copy',
    site: 'plain',
    change: (place) => {
      rmSync(join(place.blobFolder, 'latest'));
      symlinkSync(place.entry(0), join(place.blobFolder, 'latest'));
    },
  },
  {
    name: 'the identity of the repository lost',
    site: 'plain',
    change: ({ repository }) => rmSync(join(repository, '.zodbvault.id.json')),
  },
  {
    name: 'garbage in the files of identity, checks and locks',
    site: 'plain',
    change: ({ repository, blobFolder }) => {
      for (const name of ['id.json', 'checks.json', 'lock']) {
        writeFileSync(join(repository, `.zodbvault.${name}`), 'garbage');
      }
      writeFileSync(join(blobFolder, '.zodbvault.lock'), 'garbage');
    },
  },
  {
    name: 'what a killed run leaves',
    site: 'plain',
    change: ({ repository, blobFolder }) => {
      for (const folder of [repository, blobFolder]) {
        writeFileSync(join(folder, '.x.0123456789ab.zodbvault-tmp'), 'half');
      }
    },
  },
  {
    name: 'files of others in the folders',
    site: 'plain',
    change: ({ repository, blobFolder }) => {
      for (const folder of [repository, blobFolder]) writeFileSync(join(folder, 'notes'), 'notes');
    },
  },
  {
    name: 'the index of an older backup lost',
    site: 'plain',
    change: (place) => lose(place.side(1, 'index')),
  },
  {
    name: 'an older copy of blobs lost',
    site: 'plain',
    change: (place) => lose(place.entry(0)),
  },
  {
    name: 'the live site lost',
    site: 'plain',
    change: ({ folder }) => {
      lose(join(folder, 'var/filestorage'));
      lose(join(folder, 'var/blobstorage'));
    },
  },
];
