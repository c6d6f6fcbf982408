import { resolve } from 'node:path';
import { Failure } from '../../system/failure.ts';
import type { Hint } from '../../system/remedy.ts';
import { formatOrigin } from '../model/origin.ts';
import { type ConfSection, confText, confValue } from './conf-file.ts';

/** Where a storage keeps its data. */
export type Kept = KeptHere | KeptElsewhere;

export interface KeptHere {
  readonly kind: 'filestorage';
  readonly dataFs: string;
  readonly blobs: string | undefined;
  readonly from: string;
  /** In words, where the rest is of what only has the changes of a DemoStorage; absent where there is none. */
  readonly base?: string;
}

export interface KeptElsewhere {
  readonly kind: 'elsewhere';
  /** In words. */
  readonly where: string;
  readonly reason: string;
  readonly hint: Hint;
}

interface StorageContext {
  /** What a storage around it says. */
  readonly blobs: string | undefined;
  /** Where relative paths begin. */
  readonly directory: string;
}

/** Storages that keep nothing, or nothing that anybody misses. */
const PASSING = ['temporarystorage', 'mappingstorage'];

const FOREIGN: Readonly<Record<string, string>> = {
  relstorage: 'RelStorage, in a relational database',
  pgjsonb: 'PGJsonb, in PostgreSQL',
  newt: 'Newt DB, in PostgreSQL',
  neostorage: 'NEO',
};

/**
 * What a storage keeps, wrapped in others (`<blobstorage>`, `<zlibstorage>`) or not; undefined where it is none,
 * or keeps nothing. Failure `usage` for a path that is missing, or can't be had.
 */
export function keptBy(
  section: ConfSection,
  { blobs, directory }: StorageContext,
): Kept | undefined {
  const from = formatOrigin(section.origin);
  if (PASSING.includes(section.type)) return undefined;
  if (section.type === 'zeoclient') return elsewhereOfClient(section, directory);
  const foreign = FOREIGN[section.type];
  if (foreign !== undefined) {
    return {
      kind: 'elsewhere',
      where: foreign,
      reason: `${from}: its data is in ${foreign}; what is on this disk is at most a cache`,
      hint: 'Use that database’s own backup; zodbvault backs up the Data.fs and its blobs.',
    };
  }
  const own = confText(section, 'blob-dir');
  const place = { blobs: own === undefined ? blobs : resolve(directory, own), directory };
  if (section.type === 'demostorage') return keptByDemo(section, place);
  if (section.type === 'filestorage') {
    const path = confText(section, 'path');
    if (path === undefined || path === '') {
      throw new Failure('usage', `Cannot use ${from}: <filestorage> has no path`, {
        hint: { kind: 'correct-file-or-name-places' },
      });
    }
    return { kind: 'filestorage', dataFs: resolve(directory, path), blobs: place.blobs, from };
  }
  for (const inner of section.sections) {
    const kept = keptBy(inner, place);
    if (kept !== undefined) return kept;
  }
  return undefined;
}

/**
 * A DemoStorage writes into the storage with the name `changes`, and reads the rest from the other one, its base.
 * Without such a name, what is changed is in memory (ZODB, `config.py`).
 */
function keptByDemo(section: ConfSection, place: StorageContext): Kept {
  const isChanges = ({ name }: ConfSection) => name === 'changes';
  const [base] = section.sections
    .filter((inner) => !isChanges(inner))
    .flatMap((inner) => keptBy(inner, { ...place, blobs: undefined }) ?? []);
  const written = section.sections.findLast(isChanges);
  const changes = written && keptBy(written, place);
  if (changes === undefined) return elsewhereOfDemo(section, base);
  // Where the base is in memory, the changes have all that lasts.
  if (changes.kind === 'elsewhere' || base === undefined) return changes;
  const bases = [...(changes.base === undefined ? [] : [changes.base]), sayWhere(base)];
  return { ...changes, base: bases.join(' and ') };
}

function sayWhere(kept: Kept): string {
  if (kept.kind === 'elsewhere') return kept.where;
  const { dataFs, blobs, base } = kept;
  const withBlobs = blobs === undefined ? '' : ` with the blobs in "${blobs}"`;
  return `"${dataFs}"${withBlobs}${base === undefined ? '' : ` and ${base}`}`;
}

function elsewhereOfDemo(section: ConfSection, base: Kept | undefined): KeptElsewhere {
  const where = base === undefined ? 'memory' : `memory and ${sayWhere(base)}`;
  return {
    kind: 'elsewhere',
    where,
    reason: `${formatOrigin(section.origin)}: a demo storage without <filestorage changes> loses what was changed when it ends${base === undefined ? '' : `; its base is ${sayWhere(base)}`}`,
    hint: hintOfDemo(base),
  };
}

function hintOfDemo(base: Kept | undefined): Hint {
  if (base === undefined) return 'There is nothing that lasts; to keep it, give it a filestorage.';
  if (base.kind === 'elsewhere') return base.hint;
  return { kind: 'name-base', dataFs: base.dataFs };
}

function elsewhereOfClient(section: ConfSection, directory: string): KeptElsewhere {
  const from = formatOrigin(section.origin);
  const written = confValue(section, 'server')?.value;
  const server = written?.kind === 'text' ? `the ZEO server "${written.text}"` : 'a ZEO server';
  const folder = confValue(section, 'blob-dir')?.value;
  const more =
    folder?.kind === 'text'
      ? `; "${resolve(directory, folder.text)}" is ${natureOfBlobDir(section)}`
      : '';
  return {
    kind: 'elsewhere',
    where: server,
    reason: `${from}: it is a client of ${server}, which has the Data.fs${more}`,
    hint: 'Run this on the ZEO server, with its zeo.conf.',
  };
}

/** Its server's environment may be needed to tell. */
function natureOfBlobDir(section: ConfSection): string {
  const shared = confValue(section, 'shared-blob-dir')?.value;
  if (shared?.kind === 'wrong') return "only a cache, unless it is the server's blob directory";
  const isShared = ['on', 'true', 'yes'].includes(shared?.text.toLowerCase() ?? '');
  return isShared ? "the server's blob directory" : 'only a cache';
}
