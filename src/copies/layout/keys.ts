import { formatOid, type Oid } from '../../filestorage/oid.ts';
import { formatTid, type Tid } from '../../filestorage/tid.ts';
import { parseStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { isTagName } from '../../repository/records/tags.ts';
import { type CopyPlace, encodeName, formatPlace, isSamePlace, parsePlace } from './place.ts';
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
 * sites/SITE/tags/PLACE/STAMP.NUMBER.CHANGE.TAG.json     a restore point got a tag, or lost it: TagChange
 * sites/SITE/data/PLACE/NAME                         data files, indexes, record indexes
 * sites/SITE/archives/PLACE/NAME                     archives of blobs
 * sites/SITE/manifests/PLACE/STAMP.DIGEST.json       the blobs of a restore point: BlobManifest
 * sites/SITE/blobs/STORAGE/OID/TID                   a revision of a blob; also TID-SUFFIX, and an ending: see blobKey
 * sites/SITE/files/STORAGE/SHA256                    what else is in a blob directory
 * sites/SITE/keys/DIGEST.age                         a secret key that a passphrase encrypts
 * sites/SITE/sweep/STORAGE.json                      objects that nobody names, and that will go: SweepList
 * sites/SITE/events/PLACE/STAMP.ID.json              what looks have found, and runs: CopyEvent
 * sites/SITE/progress/PLACE.json                     what a run has brought there, before its point is complete
 * ```
 */
export const MARKER_KEY = 'zodbvault.json';
export const HEADS_PREFIX = 'heads/';
export const LEASE_KEY = 'lease.json';
export const POINTS_PREFIX = 'points/';
export const TOMBSTONES_PREFIX = 'tombstones/';
export const EVENTS_PREFIX = 'events/';
export const TAGS_PREFIX = 'tags/';
export const KEYS_PREFIX = 'keys/';

/** Below the prefix of a site: what is written once, and never changed. */
const WRITTEN_ONCE: readonly string[] = [
  POINTS_PREFIX,
  TOMBSTONES_PREFIX,
  ...['data/', 'archives/', 'manifests/', 'blobs/', 'files/', TAGS_PREFIX, KEYS_PREFIX],
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

/** A restore point in a few words: `Data-backup/2026-03-01-04-05-06`. */
export function nameOfPoint({ place, stamp }: PointMoment): string {
  return `${formatPlace(place)}/${stamp}`;
}

/** Whether two names are of one restore point, be it that it came to the copy twice. */
export function isSamePoint(one: PointMoment, other: PointMoment): boolean {
  return one.stamp === other.stamp && isSamePlace(one.place, other.place);
}

/** What tells restore points apart, wherever they are. */
export type PointMoment = Pick<PointName, 'place' | 'stamp'>;

/**
 * The data file that a point has, or, where only blobs are backed up, what it has of these: a copy or a complete
 * archive (`blobs`), or an archive that continues the one before (`delta`).
 */
export const POINT_PARTS = ['full', 'increment', 'blobs', 'delta'] as const;
export type PointPart = (typeof POINT_PARTS)[number];

const DIGITS = 8;

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
  return `${formatPlace(place)}/${stamp}.${digits(sequence)}.${part}.json`;
}

function digits(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function parsePoint(key: string, prefix: string): PointName | undefined {
  if (!key.startsWith(prefix)) return undefined;
  const match = /^([^/]+)\/([^/.]+)\.(\d{8})\.([a-z]+)\.json$/.exec(key.slice(prefix.length));
  const [, placeText = '', stampText = '', number = '', partText = ''] = match ?? [];
  const place = parsePlace(placeText);
  const stamp = parseStamp(stampText);
  const sequence = Number(number);
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

/** A change of the tags of a restore point, by its key. */
export interface TagChangeName {
  readonly place: CopyPlace;
  /** Of the restore point. */
  readonly stamp: Stamp;
  readonly tag: string;
  /** 1 for the first change of that tag of that point, and so on: the last one counts. */
  readonly number: number;
  readonly change: (typeof TAG_CHANGES)[number];
}

/** The point got the tag, or lost it. */
export const TAG_CHANGES = ['given', 'taken'] as const;

export function tagsPrefix(place: CopyPlace): string {
  return `${TAGS_PREFIX}${formatPlace(place)}/`;
}

export function tagKey({ place, stamp, tag, number, change }: TagChangeName): string {
  return `${tagsPrefix(place)}${stamp}.${digits(number)}.${change}.${tag}.json`;
}

/** Undefined where the key is none of a change of tags. */
export function parseTagKey(key: string): TagChangeName | undefined {
  const match = /^tags\/([^/]+)\/([^/.]+)\.(\d{8})\.([a-z]+)\.([^/]+)\.json$/.exec(key);
  const [, placeText = '', stampText = '', numberText = '', changeText = '', tag = ''] =
    match ?? [];
  const place = parsePlace(placeText);
  const stamp = parseStamp(stampText);
  const change = TAG_CHANGES.find((one) => one === changeText);
  if (place === undefined || stamp === undefined || change === undefined) return undefined;
  return isTagName(tag) ? { place, stamp, tag, number: Number(numberText), change } : undefined;
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

/** @param sha256 - of the file with the key, in hex */
export function keptKeyKey(sha256: string): string {
  return `${KEYS_PREFIX}${sha256.slice(0, 16)}.age`;
}

export function progressKey(place: CopyPlace): string {
  return `progress/${formatPlace(place)}.json`;
}

export function sweepKey(storage: string): string {
  return `sweep/${encodeName(storage)}.json`;
}
