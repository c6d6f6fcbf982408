import { resolve } from 'node:path';
import type { ConfSection } from '../../../config/zconfig/conf-file.ts';
import type { ServerAddress } from '../../../system/server-address.ts';
import { formatAddress } from '../../../system/server-address.ts';
import type { ServedState } from '../serve-site.ts';
import type { ZopeDatabase } from './zope-databases.ts';

/** How the copy of an instance gets its data, and where what it writes goes. */
export interface CopySettings {
  /** Folder of the live `zope.conf`: relative paths of what it includes begin there. */
  readonly folder: string;
  /** Folder of the copy. */
  readonly home: string;
  readonly address: ServerAddress;
  readonly isReadOnly: boolean;
}

/** Sections that the copy has its own of, or does without: where it logs, what calls it by itself, who may reach it. */
const LEFT_OUT = /^(zodb[_-]db|eventlog|logger|trace|clock-server|.*-server)$/;
/** The same for keys: each names a place or a user of the live instance. */
const LEFT_OUT_KEYS = /^(clienthome|pid-filename|lock-filename|effective-user|port-base)$/i;
/** Variables of its `<environment>` that name folders in which it writes. */
const WRITTEN_FOLDERS = /^(\s*CHAMELEON_CACHE\s+).*$/i;

/** An address, a path from the root and a variable stay as they are. */
const RELATIVE_INCLUDE = /^(\s*%include\s+)(?![a-z][a-z0-9+.-]+:|[/$])(\S+)\s*$/i;

/** The `zope.conf` of a copy: the text of the live one, with databases and folders of its own. */
export function copiedConf(
  text: string,
  { databases, ...settings }: CopySettings & { readonly databases: readonly ZopeDatabase[] },
): string {
  const { home, folder } = settings;
  const kept = keptLines(text).map((line) =>
    line
      .replace(WRITTEN_FOLDERS, (_, key: string) => `${key}${home}/cache`)
      .replace(
        RELATIVE_INCLUDE,
        (_, key: string, path: string) => `${key}${resolve(folder, path)}`,
      ),
  );
  const own = [
    `clienthome ${home}/var`,
    ...databases.flatMap((one) => databaseLines(one, settings)),
  ];
  return `${[...kept, ...own].join('\n')}\n`;
}

function keptLines(text: string): readonly string[] {
  const kept: string[] = [];
  let depth = 0;
  let isLeftOut = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    const [, slash, type = '', isEmpty] =
      /^\s*<\s*(\/)?\s*([^\s<>/]+)[^<>]*?(\/)?\s*>\s*$/.exec(line) ?? [];
    const isSection = type !== '';
    if (isSection && slash === undefined) {
      if (depth === 0) isLeftOut = LEFT_OUT.test(type.toLowerCase());
      depth += 1;
    }
    const isKey = depth === 0 && LEFT_OUT_KEYS.test(line.trim().split(/\s/)[0] ?? '');
    if (!(depth > 0 && isLeftOut) && !isKey) kept.push(line);
    if (isSection && (slash !== undefined || isEmpty !== undefined)) depth -= 1;
  }
  return kept;
}

function databaseLines(
  { section, storage }: ZopeDatabase,
  settings: CopySettings,
): readonly string[] {
  const values = valueLines(section);
  const data =
    storage === undefined
      ? section.sections.flatMap(sectionLines)
      : storageLines(storage, settings);
  return sectionOf('zodb_db', section.name, [...values, ...data]);
}

/** Changes lie over the storage as it was, which stays as it is. */
function storageLines(storage: ServedState, settings: CopySettings): readonly string[] {
  const { home, isReadOnly } = settings;
  if (isReadOnly) return clientLines(undefined, storage, settings);
  const changes = `${home}/var/${storage.zeoName}`;
  return sectionOf('demostorage', undefined, [
    ...clientLines('base', storage, settings),
    ...sectionOf('filestorage', 'changes', [
      `path ${changes}/changes.fs`,
      `blob-dir ${changes}/blobs`,
    ]),
  ]);
}

/** No name for a cache: one that outlives the copy may be newer than what is open then. */
function clientLines(
  name: string | undefined,
  { zeoName }: ServedState,
  { home, address }: CopySettings,
): readonly string[] {
  return sectionOf('zeoclient', name, [
    `server ${formatAddress(address)}`,
    `storage ${zeoName}`,
    'read-only true',
    `blob-dir ${home}/cache/blobs-${zeoName}`,
    'shared-blob-dir off',
  ]);
}

function sectionLines(section: ConfSection): readonly string[] {
  return sectionOf(section.type, section.name, [
    ...valueLines(section),
    ...section.sections.flatMap(sectionLines),
  ]);
}

function valueLines({ values }: ConfSection): readonly string[] {
  return values.flatMap(({ key, value }) =>
    value.kind === 'text' ? [`${key} ${value.text}`] : [],
  );
}

function sectionOf(
  type: string,
  name: string | undefined,
  lines: readonly string[],
): readonly string[] {
  return [
    `<${type}${name === undefined ? '' : ` ${name}`}>`,
    ...lines.map((line) => `  ${line}`),
    `</${type}>`,
  ];
}
