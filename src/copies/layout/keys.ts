import { formatOid, type Oid } from '../../filestorage/oid.ts';
import { formatTid, type Tid } from '../../filestorage/tid.ts';
import { parseStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { type CopyPlace, encodeName, formatPlace, parsePlace } from './place.ts';
import { endingOf, type StoredForm } from './stored-form.ts';

/**
 * The keys of a copy. Those of one site begin with {@link sitePrefix}; all others here, and those in records, are
 * behind that, so that all of a site can be moved.
 *
 * ```
 * zodbvault.json                                     marks the place: CopyMarker
 * heads/SITE.json                                    what a site has there, in short: SiteHead
 * sites/SITE/lease.json                              the lock
 * sites/SITE/points/PLACE/STAMP.SEQUENCE.PART.json       a restore point: PointRecord
 * sites/SITE/tombstones/PLACE/STAMP.SEQUENCE.PART.json   one that was removed: Tombstone
 * sites/SITE/data/PLACE/NAME                         data files, indexes, record indexes
 * sites/SITE/archives/PLACE/NAME                     archives of blobs
 * sites/SITE/manifests/PLACE/STAMP.DIGEST.json       the blobs of a restore point: BlobManifest
 * sites/SITE/blobs/STORAGE/OID/TID                   a revision of a blob; also TID-SUFFIX, and an ending: see blobKey
 * sites/SITE/files/STORAGE/SHA256                    what else is in a blob directory
 * sites/SITE/sweep/STORAGE.json                      objects that nobody names, and that will go: SweepList
 * sites/SITE/events/PLACE/STAMP.ID.json              what looks have found: CopyEvent
 * sites/SITE/progress/PLACE.json                     what a run has brought there, before its point is complete
 * ```
 */
export const MARKER_KEY = 'zodbvault.json';
export const HEADS_PREFIX = 'heads/';
export const LEASE_KEY = 'lease.json';
export const POINTS_PREFIX = 'points/';
export const TOMBSTONES_PREFIX = 'tombstones/';
export const EVENTS_PREFIX = 'events/';

/** Below the prefix of a site: what is written once, and never changed. */
const WRITTEN_ONCE: readonly string[] = [
  POINTS_PREFIX,
  TOMBSTONES_PREFIX,
  ...['data/', 'archives/', 'manifests/', 'blobs/', 'files/'],
];

/** Whether an object with that key, behind the prefix of its site, is written once. */
export function isWrittenOnce(key: string): boolean {
  return WRITTEN_ONCE.some((prefix) => key.startsWith(prefix));
}

export function sitePrefix(site: string): string {
  return `sites/${encodeName(site)}/`;
}

export function headKey(site: string): string {
  return `${HEADS_PREFIX}${encodeName(site)}.json`;
}

/** A restore point, by its key. */
export interface PointName {
  readonly place: CopyPlace;
  readonly stamp: Stamp;
  /** 1 for the first that came to the copy of a site, and so on: see `PointRecord.before`. */
  readonly sequence: number;
  readonly part: PointPart;
}

/**
 * The data file that a point has, or, where only blobs are backed up, what it has of these: a copy or a complete
 * archive (`blobs`), or an archive that continues the one before (`delta`).
 */
export const POINT_PARTS = ['full', 'increment', 'blobs', 'delta'] as const;
export type PointPart = (typeof POINT_PARTS)[number];

const SEQUENCE_DIGITS = 8;

export function pointKey(point: PointName): string {
  return `${POINTS_PREFIX}${pointTail(point)}`;
}

/** Undefined where the key is none of a restore point. */
export function parsePointKey(key: string): PointName | undefined {
  return parsePoint(key, POINTS_PREFIX);
}

export function tombstoneKey(point: PointName): string {
  return `${TOMBSTONES_PREFIX}${pointTail(point)}`;
}

/** The restore point that was removed; undefined where the key is none of a tombstone. */
export function parseTombstoneKey(key: string): PointName | undefined {
  return parsePoint(key, TOMBSTONES_PREFIX);
}

function pointTail({ place, stamp, sequence, part }: PointName): string {
  const number = String(sequence).padStart(SEQUENCE_DIGITS, '0');
  return `${formatPlace(place)}/${stamp}.${number}.${part}.json`;
}

function parsePoint(key: string, prefix: string): PointName | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const match = /^([^/]+)\/([^/.]+)\.(\d{8})\.([a-z]+)\.json$/.exec(key.slice(prefix.length));
  const [, placeText = '', stampText = '', digits = '', partText = ''] = match ?? [];
  const place = parsePlace(placeText);
  const stamp = parseStamp(stampText);
  const sequence = Number(digits);
  const part = POINT_PARTS.find((one) => one === partText);
  if (place === undefined || stamp === undefined || part === undefined) return undefined;
  return sequence === 0 ? undefined : { place, stamp, sequence, part };
}

/** An event, by its key. */
export interface EventName {
  readonly place: CopyPlace;
  /** When it was written. */
  readonly at: Stamp;
  /** Tells apart what is written in one second: 8 hex digits. */
  readonly id: string;
}

export function eventKey({ place, at, id }: EventName): string {
  return `${EVENTS_PREFIX}${formatPlace(place)}/${at}.${id}.json`;
}

/** Undefined where the key is none of an event. */
export function parseEventKey(key: string): EventName | undefined {
  const match = /^events\/([^/]+)\/([^/.]+)\.([0-9a-f]{8})\.json$/.exec(key);
  const [, placeText = '', stampText = '', id = ''] = match ?? [];
  const place = parsePlace(placeText);
  const at = parseStamp(stampText);
  return place === undefined || at === undefined ? undefined : { place, at, id };
}

export function dataPrefix(place: CopyPlace): string {
  return `data/${formatPlace(place)}/`;
}

export function archivesPrefix(place: CopyPlace): string {
  return `archives/${formatPlace(place)}/`;
}

export function manifestsPrefix(place: CopyPlace): string {
  return `manifests/${formatPlace(place)}/`;
}

/** @param sha256 - of the manifest, in hex: two writers never give one key two contents */
export function manifestKey(
  place: CopyPlace,
  { stamp, sha256 }: { readonly stamp: Stamp; readonly sha256: string },
): string {
  return `${manifestsPrefix(place)}${stamp}.${sha256.slice(0, 16)}.json`;
}

/** Backups of all kinds of one storage share the objects of their blobs. */
export function blobsPrefix(storage: string): string {
  return `blobs/${encodeName(storage)}/`;
}

/** A revision of a blob as an object. */
export interface BlobName {
  readonly oid: Oid;
  readonly tid: Tid;
  /** See `BlobEntry`. */
  readonly suffix?: string | undefined;
}

/** @param form - how the blobs of a manifest are stored */
export function blobKey(
  { storage, form }: { readonly storage: string; readonly form: StoredForm },
  { oid, tid, suffix }: BlobName,
): string {
  const end = suffix === undefined ? '' : `-${suffix}`;
  return `${blobsPrefix(storage)}${formatOid(oid)}/${formatTid(tid)}${end}${endingOf(form)}`;
}

export function filesPrefix(storage: string): string {
  return `files/${encodeName(storage)}/`;
}

export function progressKey(place: CopyPlace): string {
  return `progress/${formatPlace(place)}.json`;
}

export function sweepKey(storage: string): string {
  return `sweep/${encodeName(storage)}.json`;
}
