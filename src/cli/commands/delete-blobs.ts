import type { BackupKind, Site } from '../../config/model/site.ts';
import {
  type BlobDeletion,
  deleteBlobs,
  type PlaceOfBlobs,
  planDeleteBlobs,
  refuseLastBlobs,
} from '../../operations/retention/remove-blob-backup.ts';
import { findBackupPlaces } from '../../operations/run/backup-places.ts';
import { Failure } from '../../system/failure.ts';
import { shownOn } from '../render/events.ts';
import { pointAsJson } from '../render/json/point.ts';
import type { DeleteResult } from '../render/json/results/delete.ts';
import { ask } from '../terminal/question.ts';
import type { CommandContext } from '../terminal/run-command.ts';

/** Which blob backup is to go, and how. */
export interface NamedBlobs {
  readonly name: string;
  readonly kind: BackupKind | 'all';
  readonly storage: string | undefined;
  readonly last: 'stays' | 'may-go';
  readonly how: 'ask' | 'do' | 'show';
  readonly waitSeconds: number | undefined;
}

/** Shows what goes, asks, and removes it. */
export async function deleteNamedBlobs(
  sites: readonly Site[],
  {
    selection,
    context,
    result,
  }: {
    readonly selection: NamedBlobs;
    readonly context: CommandContext;
    readonly result: DeleteResult;
  },
): Promise<void> {
  const { terminal, signal, backups } = context;
  const { of, plan } = await findOne(sites, { selection, signal, backups });
  const { folder, stamp, fileNames } = plan;
  result.deletions.push({
    ...{ site: of.site.part, storage: of.place.storage, kind: of.place.kind },
    ...{ ...pointAsJson(stamp), what: 'blobs', folder },
    ...{ points: [], fileNames: [...fileNames], blobs: [] },
  });
  terminal.print(`This will remove blobs as of ${stamp} (UTC) from ${folder}:`);
  for (const name of fileNames) terminal.print(`    ${name}`);
  refuseLastBlobs(plan, selection);
  if (selection.how === 'show') {
    result.outcome = 'planned';
    return;
  }
  if (selection.how === 'ask' && (await ask('delete anything', context)) === 'no') {
    terminal.log('Nothing was removed.');
    result.outcome = 'declined';
    return;
  }
  const { waitSeconds } = selection;
  const jobContext = { ...shownOn(terminal), signal, backups, waitSeconds };
  const settings = { plan, now: () => new Date(), context: jobContext };
  result.removed.push({ folder, fileNames: [...(await deleteBlobs(of, settings))] });
  result.outcome = 'done';
}

interface Found {
  readonly of: PlaceOfBlobs;
  readonly plan: BlobDeletion;
}

/** Failures: `not-found`; `usage` where several have the name. */
async function findOne(
  sites: readonly Site[],
  {
    selection,
    signal,
    backups,
  }: { readonly selection: NamedBlobs } & Pick<CommandContext, 'signal' | 'backups'>,
): Promise<Found> {
  const { name, storage } = selection;
  const places = await placesOfBlobs(sites, { kind: selection.kind, backups });
  const found: Found[] = [];
  for (const of of places) {
    if (storage !== undefined && of.place.storage !== storage) continue;
    const plan = await planDeleteBlobs(of, { name, backups, signal });
    if (plan !== undefined) found.push({ of, plan });
  }
  const [first, ...others] = found;
  const folders = (some: readonly PlaceOfBlobs[]) =>
    [...new Set(some.map(({ place }) => `"${place.blobs.folder}"`))].join(', ');
  if (first === undefined) {
    throw new Failure('not-found', `Cannot delete "${name}": no blob backup has that name`, {
      hint:
        places.length === 0
          ? 'The site has no blobs; "zodbvault config" shows what is backed up.'
          : `It was looked for in ${folders(places)}; --part, --storage and --kind name others.`,
    });
  }
  if (others.length === 0) return first;
  throw new Failure('usage', `Cannot tell which blob backup "${name}" is meant`, {
    hint: `There are several, in ${folders(found.map(({ of }) => of))}; choose with --part NAME, --storage NAME or --kind.`,
  });
}

async function placesOfBlobs(
  sites: readonly Site[],
  { kind, backups }: { readonly kind: BackupKind | 'all' } & Pick<CommandContext, 'backups'>,
): Promise<readonly PlaceOfBlobs[]> {
  const places: PlaceOfBlobs[] = [];
  for (const site of sites) {
    for (const { blobs, ...place } of await findBackupPlaces(site, { kind, backups })) {
      if (blobs !== undefined) places.push({ site, place: { ...place, blobs } });
    }
  }
  return places;
}
