import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { SUMS_FILE } from '../src/blobs/checksums/checksums-file.ts';
import { archiveName, LATEST, stateName } from '../src/blobs/layout/entry-name.ts';
import { BlobRecordSchema, recordNameOf } from '../src/blobs/layout/record.ts';
import { JournalSchema } from '../src/operations/restore/journal/journal-record.ts';
import { BackupRecordSchema } from '../src/repository/layout/backup-record.ts';
import {
  completeFileName,
  datFileName,
  formatDataFileName,
  indexFileName,
  recordFileName,
  recordIndexFileName,
  removalFileName,
} from '../src/repository/layout/file-names.ts';
import { parseStamp, type Stamp } from '../src/repository/layout/stamp.ts';
import { CheckFileSchema, CheckSchema } from '../src/repository/records/check-results.ts';
import { markComplete } from '../src/repository/records/completion.ts';
import { CopyStatesSchema } from '../src/repository/records/copy-states.ts';
import { FingerprintsSchema } from '../src/repository/records/fingerprints.ts';
import { GoingBlobsSchema } from '../src/repository/records/going-blobs.ts';
import { HoldRecordSchema } from '../src/repository/records/hold-record.ts';
import { IdentitySchema } from '../src/repository/records/repository-id.ts';
import { RunSchema } from '../src/repository/records/run-history.ts';
import { TagFileSchema } from '../src/repository/records/tags.ts';
import { folderStore } from '../src/stores/folder-store.ts';
import { LockRecordSchema } from '../src/system/locks/lock-record.ts';
import { compressToMembers } from '../src/system/streams/gzip/compress.ts';
import {
  MAXIMUM_MEMBER_BYTES,
  MEMBER_CONTENT_BYTES,
  MEMBER_HEADER_BYTES,
} from '../src/system/streams/gzip/member.ts';
import { collect } from '../src/system/streams/pipeline.ts';
import { streamOf } from './support/chunks.ts';
import { scratchFolder } from './support/scratch.ts';

const ROOT = join(import.meta.dirname, '..');
const PAGE = readFileSync(join(ROOT, 'docs/internals/repository-format.md'), 'utf8');

/** The code reads one check after the other, as there may be very many. */
const CHECKS = v.object({ ...CheckFileSchema.entries, checks: v.array(CheckSchema) });

/** The records of the page: the heading of each, and the schema by which the code reads it. */
const RECORDS: readonly (readonly [heading: string, file: string, schema: AnySchema])[] = [
  ['## `STAMP.json`', 'repository/layout/backup-record.ts', BackupRecordSchema],
  ['## `.zodbvault.lock`', 'system/locks/lock-record.ts', LockRecordSchema],
  ['## `.zodbvault.id.json`', 'repository/records/repository-id.ts', IdentitySchema],
  ['## `.zodbvault.checks.json`', 'repository/records/check-results.ts', CHECKS],
  ['## `.zodbvault.fingerprints.json`', 'repository/records/fingerprints.ts', FingerprintsSchema],
  ['## `.zodbvault.tags.json`', 'repository/records/tags.ts', TagFileSchema],
  ['## `.zodbvault.hold.json`', 'repository/records/hold-record.ts', HoldRecordSchema],
  ['## `.zodbvault.going.json`', 'repository/records/going-blobs.ts', GoingBlobsSchema],
  ['## `.zodbvault.copies.json`', 'repository/records/copy-states.ts', CopyStatesSchema],
  ['## `.zodbvault.runs.jsonl`', 'repository/records/run-history.ts', RunSchema],
  ['### `.zodbvault.json` and', 'blobs/layout/record.ts', BlobRecordSchema],
  ['## Files of a restore', 'operations/restore/journal/journal-record.ts', JournalSchema],
];

/** Files with schemas of which nothing is written beside backups, or that are part of a record above. */
const NO_RECORDS = [
  'config/model/copy-settings.ts',
  'config/model/keep-rules.ts',
  'config/model/site.ts',
  'operations/from-copy/head-cache.ts',
  'operations/from-copy/plain/unfinished-folder.ts',
  'system/processes/process-identity.ts',
];

/** What lies in a copy has a page of its own. */
const OF_COPIES = /^copies\/|^stores\/objects\//;

describe('docs/internals/repository-format.md', () => {
  it('has every schema by which a file is read', () => {
    const withSchemas = sourceFiles().filter(
      ({ path, text }) => text.includes('v.object(') && !OF_COPIES.test(path),
    );
    const named = [...RECORDS.map(([, file]) => file), ...NO_RECORDS].sort();
    expect(withSchemas.map(({ path }) => path)).toEqual(named);
  });

  it.each(RECORDS)('%s has the fields of the code, and no others', (heading, file, schema) => {
    const section = sectionOf(heading);
    expect(section).toContain(`src/${file}`);
    const fields = fieldsOf(schema);
    const rows = new Map(rowsOf(section));
    const leaves = fields.filter(({ isLeaf, isOptional }) => isLeaf || isOptional);
    expect(leaves.map(({ path }) => path).filter((path) => !rows.has(path))).toEqual([]);
    const known = new Map(fields.map((field) => [field.path, field]));
    expect([...rows.keys()].filter((path) => !known.has(path))).toEqual([]);
    const isOptional = (path: string) => known.get(path)?.isOptional === true;
    const wrong = [...rows].filter(
      ([path, meaning]) => isOptional(path) !== meaning.startsWith('optional'),
    );
    expect(wrong).toEqual([]);
  });

  it.each(RECORDS)('%s names each value that a field may have', (heading, _, schema) => {
    const section = sectionOf(heading);
    expect(valuesOf(schema).filter((value) => !section.includes(`\`${value}\``))).toEqual([]);
  });

  it('has the fields of the mark of a complete backup', async () => {
    const folder = join(scratchFolder(), 'repository');
    mkdirSync(folder);
    const stamp = parseStamp('2026-03-01-04-05-06') as Stamp;
    const mark = { tool: 'zodbvault', at: new Date(0), blobs: '/blobs' };
    await markComplete(folderStore(folder), { stamp, mark });
    const written = JSON.parse(readFileSync(join(folder, completeFileName(stamp)), 'utf8'));
    const rows = rowsOf(sectionOf('## `STAMP.complete.json`'));
    expect(rows.map(([path]) => path)).toEqual(Object.keys(written));
  });

  it('names every file of a repository', () => {
    const stamp = 'STAMP' as Stamp;
    const data = (['full', 'increment'] as const).flatMap((kind) =>
      [false, true].map((isGzip) => formatDataFileName({ stamp, kind, isGzip }).name),
    );
    const beside = [
      ...[datFileName, indexFileName, recordFileName, recordIndexFileName],
      ...[completeFileName, removalFileName],
    ];
    const names = [...data, ...beside.map((nameOf) => nameOf(stamp))];
    expect(names.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  it('names every file of a folder with blob backups', () => {
    const copy = 'BASE.MARK';
    const names = [
      archiveName(copy, { form: 'archive', compression: 'none' }),
      archiveName('BASE.STAMP', { form: 'delta', compression: 'none' }),
      stateName('BASE', 'STAMP' as Stamp),
      recordNameOf({ name: copy, form: 'directory' }),
      recordNameOf({ name: 'NAME', form: 'archive' }),
      join(copy, SUMS_FILE),
      LATEST,
    ];
    expect(names.filter((name) => !PAGE.includes(`\`${name}\``))).toEqual([]);
  });

  it('names every file that bears the name of the program', () => {
    const named = sourceFiles().flatMap(({ text }) => [
      ...text.matchAll(/\.zodbvault(?:\.[a-z0-9]+|-[a-z]+)+(?![a-z(])/g),
    ]);
    const names = [...new Set(named.map(([name]) => name))].sort();
    expect(names.length).toBeGreaterThan(12);
    expect(names.filter((name) => !PAGE.includes(name))).toEqual([]);
  });

  it('has the bytes of a gzip member', async () => {
    const bytes = await collect(compressToMembers(6)(streamOf(Buffer.from('content'))));
    const hex = (start: number, end: number) =>
      bytes.subarray(start, end).toString('hex').replace(/..\B/g, '$& ');
    const section = sectionOf('## gzip data files');
    for (const part of [hex(0, 4), hex(10, 12), hex(12, 14), hex(14, 16)]) {
      expect(section).toContain(`\`${part}`);
    }
    expect(bytes.readUInt32LE(16)).toBe(bytes.length);
    const numbers = [MEMBER_CONTENT_BYTES, MAXIMUM_MEMBER_BYTES];
    for (const number of numbers) expect(section).toContain(number.toLocaleString('en'));
    expect(section).toContain(`more than ${MEMBER_HEADER_BYTES} bytes`);
  });
});

type AnySchema = v.GenericSchema;

interface Field {
  /** `stored.name`; `samples[].start` in an array of objects, `stamps[]` in one of texts. */
  readonly path: string;
  readonly isOptional: boolean;
  /** Whether it has no fields of its own. */
  readonly isLeaf: boolean;
}

/** What valibot's schemas are made of, as far as ours use it. */
interface Parts {
  readonly type: string;
  readonly entries?: Readonly<Record<string, AnySchema>>;
  readonly wrapped?: AnySchema;
  readonly item?: AnySchema;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

function partsOf(schema: AnySchema): Parts {
  return schema as unknown as Parts;
}

/** Every field of a record. */
function fieldsOf(schema: AnySchema, prefix = ''): readonly Field[] {
  return Object.entries(partsOf(schema).entries ?? {}).flatMap(([name, value]) => {
    const { inner, suffix, isOptional } = unwrap(value);
    const below = fieldsOf(inner, `${prefix}${name}${suffix}.`);
    if (below.length === 0) return { path: `${prefix}${name}${suffix}`, isOptional, isLeaf: true };
    return [{ path: `${prefix}${name}`, isOptional, isLeaf: false }, ...below];
  });
}

function unwrap(schema: AnySchema): {
  readonly inner: AnySchema;
  readonly suffix: '' | '[]';
  readonly isOptional: boolean;
} {
  const { type, wrapped, item } = partsOf(schema);
  if (wrapped !== undefined) {
    const { inner, suffix, isOptional } = unwrap(wrapped);
    return { inner, suffix, isOptional: isOptional || type === 'optional' };
  }
  if (item === undefined) return { inner: schema, suffix: '', isOptional: false };
  return { inner: unwrap(item).inner, suffix: '[]', isOptional: false };
}

/** The texts and numbers that fields are restricted to. */
function valuesOf(schema: AnySchema): readonly string[] {
  const { type, entries, wrapped, item, options, literal } = partsOf(schema);
  const below = [...Object.values(entries ?? {}), wrapped, item].flatMap((one) =>
    one === undefined ? [] : valuesOf(one),
  );
  const own = type === 'picklist' ? (options ?? []) : literal === undefined ? [] : [literal];
  return [...below, ...own.filter((value) => typeof value !== 'boolean').map(String)];
}

/** What stands below a heading, up to the next one that is as high. */
function sectionOf(heading: string): string {
  const start = PAGE.indexOf(`\n${heading}`);
  expect([heading, start > 0]).toEqual([heading, true]);
  const level = heading.slice(0, heading.indexOf(' '));
  const rest = PAGE.slice(start + 1 + level.length);
  const next = rest.search(new RegExp(`^#{1,${level.length}} `, 'm'));
  return next < 0 ? rest : rest.slice(0, next);
}

/** The rows of the tables of fields in a section: the field, and its meaning. */
function rowsOf(section: string): readonly (readonly [path: string, meaning: string])[] {
  const rows: (readonly [string, string])[] = [];
  let isFields = false;
  for (const line of section.split('\n')) {
    const [, first = '', meaning = ''] = /^\| (\S+) +\| +(.*?) *\|$/.exec(line) ?? [];
    if (!line.startsWith('|')) isFields = false;
    else if (first === 'field') isFields = true;
    else if (isFields && first.startsWith('`')) rows.push([first.replaceAll('`', ''), meaning]);
  }
  return rows;
}

function sourceFiles(): readonly { readonly path: string; readonly text: string }[] {
  const source = join(ROOT, 'src');
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(source, path), 'utf8') }));
}
