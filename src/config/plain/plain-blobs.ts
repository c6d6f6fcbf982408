import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/files/presence.ts';
import type { Found } from '../model/live-data.ts';
import type { OptionSource } from '../model/option-source.ts';
import { WrittenOptions } from '../resolve/option-reader.ts';
import { Problems } from '../resolve/problems.ts';
import type { Places, SaidPlaces } from './plain-places.ts';
import { type NamedPlaces, NO_ENVIRONMENT, type PlainSearch } from './plain-search.ts';

/** Whether blobs are to be backed up. */
export type BlobSelection = 'yes' | 'no' | 'as-found';

/** What the options say, and the command line above them; what can't be read is a problem when they are resolved. */
export function selectBlobs(search: PlainSearch): BlobSelection {
  const { written, environment: { options } = NO_ENVIRONMENT, purpose } = search;
  const isOnly = backsUpOnlyBlobs(search);
  if (written.blobs === 'left-out') {
    if (!isOnly) return 'no';
    throw new Failure('usage', 'Cannot leave out the blobs: only_blobs is set', {
      hint: { kind: 'want-blobs' },
    });
  }
  if (isOnly) return 'yes';
  if (namesBlobs(written)) return 'as-found';
  if (isSet(options, 'backup_blobs')) return purpose === 'look' ? 'as-found' : 'yes';
  return options.option('backup_blobs') === undefined ? 'as-found' : 'no';
}

/** Whether the options say so. */
export function backsUpOnlyBlobs({
  environment: { options } = NO_ENVIRONMENT,
}: PlainSearch): boolean {
  return isSet(options, 'only_blobs');
}

function isSet(options: OptionSource, name: 'only_blobs' | 'backup_blobs'): boolean {
  const unread = new WrittenOptions(options, new Problems(''));
  return options.option(name) !== undefined && unread.flag(name, { byDefault: false, is23: false });
}

/** Whether the command line does. */
export function namesBlobs({ blobStorage, blobBackupLocation }: NamedPlaces): boolean {
  return blobStorage !== undefined || blobBackupLocation !== undefined;
}

export type Blobs = { readonly kind: 'none' | 'backed-up' | 'without-folder' };

/** What becomes of the blobs. Failure `usage` where they are wanted, and nothing tells where they go. */
export async function blobsOf(
  { location, blobs, blobBackups }: Places,
  {
    said,
    selection,
    search: { environment: { options } = NO_ENVIRONMENT, purpose, hasLostBlobs },
  }: { readonly said: SaidPlaces; readonly selection: BlobSelection; readonly search: PlainSearch },
): Promise<Blobs> {
  if (selection === 'no') return { kind: 'none' };
  const isSaid = said.blob_storage !== undefined || said.blobbackuplocation !== undefined;
  if (isSaid || selection === 'yes') {
    if (blobs === undefined) {
      throw new Failure('usage', 'Cannot tell where the blob directory is', {
        hint: { kind: 'name-blob-directory' },
      });
    }
    if (blobBackups !== undefined) return { kind: 'backed-up' };
    if (selection === 'yes') {
      throw new Failure(
        'usage',
        `Cannot tell where the backups of the blobs in "${blobs.path}" are`,
        { hint: { kind: 'name-blob-backup-folder' } },
      );
    }
    // Whoever looks at backups has nothing to lose.
    return { kind: purpose === 'look' ? 'none' : 'without-folder' };
  }
  const exists = async (place: Found | undefined) =>
    place !== undefined && (await isThere(place.path));
  const isLost = async () =>
    blobBackups !== undefined && (await hasLostBlobs?.(location.path)) === true;
  const hasBackups = (await exists(blobBackups)) || (purpose !== 'backup' && (await isLost()));
  const isLive = await exists(blobs);
  // Blobs may come from there where there are no backups of our own.
  const hasSource = options.option('alternative_restore_source') !== undefined;
  const isPossible = purpose === 'backup' || hasSource ? blobBackups !== undefined : hasBackups;
  if (purpose === 'look') {
    return { kind: hasBackups || (hasSource && isLive && isPossible) ? 'backed-up' : 'none' };
  }
  if (isLive && !isPossible) return { kind: 'without-folder' };
  return { kind: isLive || hasBackups ? 'backed-up' : 'none' };
}
