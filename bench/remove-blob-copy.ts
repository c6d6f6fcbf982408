import { OpenBackups } from '../src/blobs/open-backups.ts';
import { pruneBlobs } from '../src/operations/retention/prune-blobs.ts';

/** Removes all copies but the newest ones: FOLDER, the live blob directory, and how many stay. */
const [folder = '', source = '', keep = ''] = process.argv.slice(2);
const removed = await pruneBlobs(
  {
    folder,
    source,
    rule: { kind: 'count', keep: Number(keep), family: 'directories' },
    deciding: { kind: 'alone', repository: `${folder}/none` },
  },
  { onEvent: () => {}, backups: new OpenBackups(), signal: new AbortController().signal },
);
if (removed.length !== 1) throw new Error(`${removed.length} copies were removed, not one`);
