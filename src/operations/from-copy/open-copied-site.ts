import type { AttachedStores } from '../../blobs/open-backups.ts';
import type { BackupKind, Site } from '../../config/model/site.ts';
import { Codec, type CodecKeys } from '../../copies/codec.ts';
import { readCopiedEvents } from '../../copies/copied-events.ts';
import { CopiedTags, readCopiedTags } from '../../copies/copied-tags.ts';
import { type CopyPlace, formatPlace, PLACE_KINDS } from '../../copies/layout/place.ts';
import { looksAtCopy } from '../../copies/looks-at-copy.ts';
import { type LoadedPoints, loadPoints, type PointsToLoad } from '../../copies/view/load-points.ts';
import {
  namesInCopy,
  type PlaceView,
  sizesBelow,
  viewPlace,
} from '../../copies/view/place-views.ts';
import type { Stamp } from '../../repository/layout/stamp.ts';
import type { RestoreTarget } from '../../repository/restore-target.ts';
import { readOnlyStore } from '../../stores/shown/read-only-store.ts';
import type { Store } from '../../stores/store.ts';
import type { Failure } from '../../system/failure.ts';
import { DisposableStack } from '../../system/streams/disposable-stack.ts';
import { type CopyOfSite, siteOfCopy, withCopy } from './copied-site.ts';
import { type AskPassphrase, identitiesInCopy } from './kept-keys.ts';
import type { OpenedObjects } from './open-to-read.ts';
import { plainFolders } from './plain/plain-folders.ts';

/** What of a copy is looked at: the less, the fewer requests. */
export interface WantedOfCopy {
  readonly kind: BackupKind | 'all';
  readonly target: RestoreTarget | 'all';
  /** See `PointsToLoad`. */
  readonly chain: PointsToLoad['chain'];
  /** Somebody is told what looks have found out about it. Where all is looked at, they are read anyway. */
  readonly looks?: boolean | undefined;
  /** Whether each blob is there is asked of the store: a request for each 1,000. */
  readonly hasEachBlob?: boolean;
  /** A list can do without what is closed: nobody is asked for a passphrase. */
  readonly isOverview?: true;
}

/** How a copy is read. */
export interface CopyReading {
  readonly wanted: WantedOfCopy;
  /** See `CodecKeys`: secret keys, for a copy that is encrypted. */
  readonly identities: CodecKeys['identities'];
  /** For whom it is encrypted, as its settings tell; absent: nobody knows. */
  readonly recipients?: readonly string[];
  /** What its backups are to be written to: the site has its folders there. Absent: they are those of the copy. */
  readonly folder?: string | undefined;
  /** For keys that the copy keeps itself, where no others are named; absent: nobody is asked. */
  readonly askPassphrase?: AskPassphrase;
}

/** A site whose backups are those of a copy. */
export interface CopiedSite {
  readonly site: Site;
  /** What its folders are, by the names that it has for them; closes the copy. */
  readonly attached: AttachedStores;
  /** Nothing that is wanted is there of the site. */
  readonly isEmpty: boolean;
  /** Why some of its restore points can't be used. */
  readonly unusable: readonly Failure[];
  /** Dates of those that aren't among the others: see `LineOfPoints`. */
  readonly aside: readonly Stamp[];
}

/**
 * Opens the copy of a site to be read. Nobody is kept out, nothing is written.
 *
 * @param objects - all that the copy has of the site; closed with what is returned, or if this fails
 * @param live - where its data is, and how it is configured; undefined: as the copy tells
 */
export async function openCopiedSite(
  objects: OpenedObjects,
  {
    name,
    called,
    live,
    wanted,
    folder,
    askPassphrase,
    recipients = [],
    ...named
  }: CopyReading & {
    /** Of the site in the copy. */
    readonly name: string;
    /** What people call the copy: its name in the configuration, or its place. */
    readonly called: string;
    readonly live: Site | undefined;
  },
): Promise<CopiedSite> {
  const opened = new DisposableStack();
  opened.use(objects);
  const close = () => opened[Symbol.asyncDispose]();
  try {
    const { kind, target, chain, looks, hasEachBlob, isOverview } = wanted;
    const {
      places,
      hasAll,
      unusable: unread,
    } = await loadPoints(objects, {
      kind: PLACE_KINDS.find((one) => one === kind) ?? 'all',
      target,
      chain,
    });
    // What a restore takes is read at once: that tells whether it is there.
    const sizeOf = await sizesBelow(objects, [
      ...(hasAll ? ['data/', 'archives/'] : []),
      ...(hasEachBlob ? ['blobs/'] : []),
    ]);
    // A list of restore points can do without what is closed.
    const isClosed = places.some(({ points }) =>
      points.some(({ record }) => record.details.kind === 'age'),
    );
    const ask = isClosed && isOverview !== true ? askPassphrase : undefined;
    const identities = named.identities ?? (ask && (await identitiesInCopy(objects, ask)));
    const codec = opened.use(new Codec({ recipients, identities }));
    const isRead = target !== 'all' || folder !== undefined;
    if (isClosed && isRead) codec.requireIdentities();
    const namesOf =
      folder === undefined
        ? (place: CopyPlace) => namesInCopy(`${called}:${name}`, place)
        : plainFolders(folder);
    const since = hasAll ? undefined : beginnings(places);
    const events = hasAll || looks ? await readCopiedEvents(objects, since) : undefined;
    const readable = { site: objects, codec };
    // A restore has no use for tags.
    const tags = target === 'all' ? await readCopiedTags(objects) : new CopiedTags([]);
    const views: PlaceView[] = [];
    for (const loaded of places) {
      const names = namesOf(loaded.place);
      const { checks = [], runs = [] } = events?.of(loaded.place) ?? {};
      const ofPlace = tags.in(loaded.place);
      const shown = { loaded, names, checks: looksAtCopy(checks), runs, tags: ofPlace, sizeOf };
      views.push(await viewPlace(readable, shown));
    }
    const closed = views.flatMap((view) => view.unusable);
    const [damaged] = closed;
    if (!hasAll && damaged !== undefined) throw damaged;
    const copy = { name, objects, views, namesOf };
    const site = live === undefined ? siteOfCopy(copy) : withCopy(live, copy);
    return {
      site,
      isEmpty: places.every(({ points }) => points.length === 0),
      unusable: [...unread, ...closed],
      aside: places.flatMap((one) => one.aside.map(({ record }) => record.stamp)),
      attached: {
        stores: storesOf(site, copy),
        [Symbol.asyncDispose]: close,
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** When what is looked at of each place began: what was found out about it was found out since. */
function beginnings(places: LoadedPoints['places']): ReadonlyMap<string, Stamp> {
  return new Map(
    places.flatMap(({ place, points, before }) => {
      const stamps = [...points, ...before].flatMap(({ record: { stamp, data } }) => [
        stamp,
        ...(data?.earlier ?? []).map((one) => one.stamp),
      ]);
      const [first] = stamps.sort();
      return first === undefined ? [] : [[formatPlace(place), first]];
    }),
  );
}

/** Of each folder that the site names, whether the copy has it or not. */
function storesOf(site: Site, { views, namesOf }: CopyOfSite): ReadonlyMap<string, Store> {
  const stores = new Map<string, Store>();
  const known = new Map(views.map((view) => [formatPlace(view.place), view]));
  for (const { name: storage } of site.storages) {
    for (const kind of PLACE_KINDS) {
      const place = { storage, kind };
      const names = namesOf(place);
      const view = known.get(formatPlace(place));
      stores.set(names.repository, view?.repository ?? readOnlyStore(names.repository, undefined));
      stores.set(names.blobs, view?.blobs ?? readOnlyStore(names.blobs, undefined));
    }
  }
  return stores;
}
