import type { ConfSection } from '../../../config/zconfig/conf-file.ts';
import type { ServerAddress } from '../../../system/server-address.ts';
import { formatAddress } from '../../../system/server-address.ts';
import type { ServedState } from '../serve-site.ts';
import { keptLines, type LiveConf } from './kept-lines.ts';
import type { ZopeDatabase } from './zope-databases.ts';

/** How the copy of an instance gets its data, and where what it writes goes. */
export interface CopySettings {
  readonly databases: readonly ZopeDatabase[];
  /** Folder of the copy. */
  readonly home: string;
  readonly address: ServerAddress;
  readonly isReadOnly: boolean;
}

/** The `zope.conf` of a copy: the text of the live one, with databases and folders of its own. */
export function copiedConf(live: LiveConf, settings: CopySettings): string {
  const { home, databases } = settings;
  const own = [
    `clienthome ${home}/var`,
    ...databases.flatMap((one) => databaseLines(one, settings)),
  ];
  return `${[...keptLines(live, home), ...own].join('\n')}\n`;
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
