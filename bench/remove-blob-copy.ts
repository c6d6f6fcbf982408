import { OpenBackups } from '../src/blobs/open-backups.ts';
import { pruneBlobs } from '../src/operations/retention/prune-blobs.ts';
import { RemovalGuard } from '../src/operations/retention/removal-guard.ts';

/** Removes all copies but the newest ones: FOLDER, the live blob directory, and how many stay. */
const [folder = '', source = '', keep = ''] = process.argv.slice(2);
const context = {
  onEvent: () => {},
  backups: new OpenBackups(),
  signal: new AbortController().signal,
};
const removed = await pruneBlobs(
  {
    folder,
    source,
    rule: { kind: 'count', keep: Number(keep), family: 'directories' },
    owner: { kind: 'alone', repository: `${folder}/none` },
    guard: new RemovalGuard([await context.backups.blobFolder(folder)], context),
  },
  context,
);
if (removed.length !== 1) throw new Error(`${removed.length} copies were removed, not one`);
