import type { OpenBackups } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { requireBackups } from '../../stores/require-backups.ts';

/** Where one kind of backup of one storage lies. */
export interface BackupPlace {
  readonly storage: string;
  readonly kind: BackupKind;
  /** The folder that has to be there. */
  readonly path: string;
  /** Undefined where only blobs are backed up. */
  readonly repository: string | undefined;
  /** Whether the Data.fs is known to hold only the changes of a DemoStorage. */
  readonly isChanges: boolean;
  /** Undefined where the storage has none. */
  readonly blobs: { readonly folder: string; readonly source: string } | undefined;
}

const KINDS = ['backup', 'snapshot', 'zip', 'alternative'] as const satisfies readonly BackupKind[];

/**
 * The places that a site has for its backups. From then on, each repository knows what the others of its kind have
 * logged: a run of the site has its line in one of them.
 *
 * @param kind - one kind, whether it is there or not; or all that are there, of which there has to be
 *   one: failure `not-found`
 */
export async function findBackupPlaces(
  site: Site,
  { kind, backups }: { readonly kind: BackupKind | 'all'; readonly backups: OpenBackups },
): Promise<readonly BackupPlace[]> {
  const kinds = kind === 'all' ? KINDS : [kind];
  const all: BackupPlace[] = [];
  for (const one of kinds) {
    const places = placesOf(site, one);
    await backups.joinSite(places.flatMap(({ repository }) => repository ?? []));
    all.push(...places);
  }
  if (kind !== 'all') return all;
  const there: BackupPlace[] = [];
  for (const place of all) if (await backups.isThere(place.path)) there.push(place);
  const [first] = all;
  if (there.length === 0 && first !== undefined) {
    await requireBackups((await backups.repository(first.path)).store);
  }
  return there;
}

function placesOf({ storages, contents }: Site, kind: BackupKind): readonly BackupPlace[] {
  return storages.flatMap((storage): BackupPlace[] => {
    const folders = storage.folders[kind];
    if (folders === undefined) return [];
    const { filestorage, blobs: folder } = folders;
    const source = contents === 'filestorages' ? undefined : storage.blobs;
    const blobs = source === undefined || folder === undefined ? undefined : { folder, source };
    const isChanges = storage.isChanges === true;
    const common = { storage: storage.name, kind, isChanges } as const;
    if (contents !== 'blobs')
      return [{ ...common, path: filestorage, repository: filestorage, blobs }];
    return blobs === undefined
      ? []
      : [{ ...common, path: blobs.folder, repository: undefined, blobs }];
  });
}
