import type { BelongingBlobs } from '../../blobs/ownership/blobs-of-points.ts';
import type { BackupKind } from '../../config/model/site.ts';
import type { ListedSitePoint } from '../../operations/list/list-site.ts';
import type { Judgement } from '../../repository/judgement.ts';
import { momentOfStamp, type Stamp } from '../../repository/layout/stamp.ts';
import { wordsOfTestRestore, wordsOfVerification } from '../format/look-words.ts';
import { oneLine } from '../format/one-line.ts';
import type { Table } from '../format/table.ts';
import { count, formatBytes, formatLocalTime } from '../format/units.ts';

/** A restore point, and where it lies. */
export interface PlacedPoint {
  /** Of the buildout. */
  readonly part: string;
  readonly storage: string;
  readonly kind: BackupKind;
  readonly point: ListedSitePoint;
}

/**
 * One table of restore points, the oldest first, whichever folders they are in. Where they lie is said
 * only as far as it differs, or there are other sites, which have none.
 */
export function tableOfRestorePoints(
  points: readonly PlacedPoint[],
  { sites }: { readonly sites: number },
): Table {
  const places = PLACES.filter(
    ({ name, cell }) => new Set(points.map(cell)).size > 1 || (name === 'Part' && sites > 1),
  );
  const hasTags = points.some(({ point }) => tagsOf(point).length > 0);
  const head = [...places.map(({ name }) => name), ...HEAD, ...(hasTags ? ['Tags'] : [])];
  const alignment = head.map((name) => (RIGHT.includes(name) ? 'right' : 'left'));
  const ordered = [...points].sort((a, b) => compare(stampOf(a.point), stampOf(b.point)));
  const rows = function* () {
    for (const one of ordered) {
      const tags = hasTags ? [tagsOf(one.point).map(oneLine).join(', ')] : [];
      yield [...places.map(({ cell }) => cell(one)), ...rowOf(one), ...tags];
    }
  };
  return { head, alignment, rows: rows() };
}

/** One line for all of them, as in `3 restore points: 2 full backups, 1 increment; 3.14 MB stored`. */
export function describeTotals(points: readonly PlacedPoint[]): string {
  const storedBytes = points.reduce((sum, { point }) => sum + storedBytesOf(point), 0);
  const kinds = [
    [
      'full backup',
      (one: ListedSitePoint) => one.kind === 'filestorage' && one.point.kind === 'full',
    ],
    [
      'increment',
      (one: ListedSitePoint) => one.kind === 'filestorage' && one.point.kind !== 'full',
    ],
    ['blob backup', (one: ListedSitePoint) => one.kind === 'blobs'],
  ] as const;
  const each = kinds.flatMap(([noun, isOfKind]) => {
    const found = points.filter(({ point }) => isOfKind(point)).length;
    return found === 0 ? [] : [count(found, noun)];
  });
  const stored = storedBytes === 0 ? '' : `; ${formatBytes(storedBytes)} stored`;
  return `${count(points.length, 'restore point')}: ${each.join(', ')}${stored}`;
}

/** What it takes of the disk alone: copies of blobs share their files. */
function storedBytesOf(one: ListedSitePoint): number {
  return one.kind === 'filestorage'
    ? one.point.storedBytes
    : (one.entry.record?.archive?.sizeBytes ?? 0);
}

const PLACES = [
  { name: 'Part', cell: ({ part }: PlacedPoint) => oneLine(part) },
  { name: 'Storage', cell: ({ storage }: PlacedPoint) => oneLine(storage) },
  { name: 'Kind', cell: ({ kind }: PlacedPoint) => kind },
] as const;

const HEAD = [
  'Local time',
  'Date (UTC)',
  'Backup',
  'Size',
  'Stored',
  'Trans.',
  'Blobs',
  'Verified',
  'Test restore',
] as const;
const RIGHT: readonly string[] = ['Size', 'Stored', 'Trans.'];
const NOTHING = '–';

function compare(one: Stamp, other: Stamp): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

function stampOf(one: ListedSitePoint): Stamp {
  return one.kind === 'blobs' ? one.entry.stamp : one.point.stamp;
}

function tagsOf(one: ListedSitePoint): readonly string[] {
  return one.kind === 'filestorage' ? one.point.tags : [];
}

function rowOf({ point: one }: PlacedPoint): string[] {
  const stamp = stampOf(one);
  const moment = momentOfStamp(stamp);
  const times = [moment === undefined ? '?' : formatLocalTime(moment), stamp];
  switch (one.kind) {
    case 'filestorage': {
      const { point, blobs, judgement } = one;
      return [
        ...times,
        point.kind,
        point.sizeBytes === undefined ? '?' : formatBytes(point.sizeBytes),
        formatBytes(point.storedBytes),
        String(point.transactionCount ?? '?'),
        judgement.run === 'incomplete' ? 'incomplete' : describeBlobs(blobs, judgement),
        wordsOfVerification(judgement, point.checks)?.text ?? NOTHING,
        wordsOfTestRestore(judgement, point.checks)?.text ?? NOTHING,
      ];
    }
    case 'blobs': {
      const { form, record } = one.entry;
      const { content, problem } = one;
      const size = content === undefined ? '?' : formatBytes(content.bytes);
      const stored = record?.archive === undefined ? '' : formatBytes(record.archive.sizeBytes);
      const known = content === undefined ? 'yes' : String(content.files);
      const files = problem === undefined ? known : 'missing';
      return [...times, `blobs (${form})`, size, stored, '', files, NOTHING, NOTHING];
    }
    default:
      return one satisfies never;
  }
}

/** How many, as far as somebody has counted. */
function describeBlobs(blobs: BelongingBlobs, judgement: Judgement): string {
  const isGone =
    judgement.blobs.kind === 'bad' && judgement.blobs.reasons.some(({ kind }) => kind === 'gone');
  if (isGone) return 'missing';
  switch (blobs.kind) {
    case 'none':
      return NOTHING;
    case 'missing':
      return 'missing';
    case 'found': {
      const files = blobs.content === undefined ? 'yes' : String(blobs.content.files);
      return blobs.match === 'earlier' ? `${files} (earlier)` : files;
    }
    default:
      return blobs satisfies never;
  }
}
