import type { CfgValue } from '../model/cfg-value.ts';
import type { LiveData } from '../model/live-data.ts';
import type { Problems } from '../resolve/problems.ts';
import type { Resolution } from '../resolve/resolution.ts';
import { splitWords } from '../resolve/words.ts';
import type { BuildoutData, ServedStorage, ZeoServer } from './plone-parts.ts';

/**
 * What of a buildout's data a backup part is about. Where several parts run a ZEO server, it is that of one of them:
 * a restore must not set back the storages of another.
 *
 * Adds a problem where none or several of the servers fit what the part says, and the choice would change something.
 */
export function dataOfPart(data: BuildoutData, part: Resolution): LiveData {
  const [first, ...more] = data.servers;
  if (first === undefined) return data;
  if (more.length === 0) return { ...data, mounted: mountedIn(first, data) };
  refuseStorageOfNobody(data, part.problems);
  const said = placesSaid(part);
  const fitting = serversFor(said, data);
  const possible = (fitting.length > 0 ? fitting : data.servers).map((one) => servedBy(one, data));
  const [choice] = possible;
  if (choice === undefined) throw new RangeError('there are servers');
  const outcomes = new Set(possible.map((one) => outcomeOf(one, said)));
  if (outcomes.size > 1) {
    const { options, problems } = part;
    const servers = fitting.length > 0 ? fitting : data.servers;
    problems.add(whichOf(servers, said), options.written('datafs')?.origin);
  }
  return choice;
}

/** The storages of collective.recipe.filestorage that a server has. */
function mountedIn({ part }: ZeoServer, data: BuildoutData): readonly ServedStorage[] {
  const isOnly = data.servers.length === 1;
  return data.mounted.filter(({ server }) => server === part || (isOnly && server === undefined));
}

/** collective.recipe.filestorage stops there, too. */
function refuseStorageOfNobody({ mounted, servers }: BuildoutData, problems: Problems): void {
  const names = servers.map(({ part }) => part).join(', ');
  for (const from of new Set(
    mounted.flatMap((one) => (one.server === undefined ? one.from : [])),
  )) {
    problems.add(
      `${from} of collective.recipe.filestorage does not say whose storages it has; write into it "zeo = NAME", one of ${names}`,
    );
  }
}

/** Paths that a part names; undefined where it doesn't. */
interface SaidPlaces {
  readonly dataFs: string | undefined;
  readonly blobs: string | undefined;
  readonly isWithoutBlobs: boolean;
  readonly additional: readonly string[];
}

function placesSaid({ options, expand, base }: Resolution): SaidPlaces {
  const path = (value: CfgValue | undefined) => {
    const text = value?.text.trim() ?? '';
    return text === '' ? undefined : expand(text, base);
  };
  const lines = options.written('additional_filestorages')?.text.split('\n') ?? [];
  return {
    dataFs: path(options.written('datafs')),
    blobs: path(options.written('blob_storage')) ?? path(options.written('blob-storage')),
    isWithoutBlobs: options.isOff('backup_blobs'),
    additional: lines.flatMap((line) => {
      const [, dataFs] = splitWords(line) ?? [];
      return dataFs === undefined ? [] : [expand(dataFs, base)];
    }),
  };
}

/** First those whose main storage it is, and only else those that have another storage of the part. */
function serversFor(said: SaidPlaces, data: BuildoutData): readonly ZeoServer[] {
  const { dataFs, blobs, additional } = said;
  const isSaid = [dataFs, blobs, ...additional].some((one) => one !== undefined);
  if (!isSaid) return data.servers;
  const ofMain = data.servers.filter(
    (one) => one.dataFs === dataFs || (blobs !== undefined && one.blobs === blobs),
  );
  if (ofMain.length > 0) return ofMain;
  return data.servers.filter((server) => {
    const { mounted, unlisted = [] } = servedBy(server, data);
    const storages = [server, ...mounted, ...unlisted].map((one) => one.dataFs);
    return storages.some((one) => one === dataFs || additional.includes(one));
  });
}

/** The data of one server; where backups go, the recipe decides by all parts. */
function servedBy(server: ZeoServer, data: BuildoutData): LiveData {
  const from = `the part [${server.part}]`;
  const others = data.servers.map(({ part }) => part).filter((one) => one !== server.part);
  return {
    ...data,
    dataFs: { path: server.dataFs, from },
    blobs: server.blobs === undefined ? undefined : { path: server.blobs, from },
    // Without it, the usual place would be taken for the blob directory of a server that has none.
    hasServerPart: server.blobs !== undefined,
    mounted: mountedIn(server, data),
    unlisted: data.unlisted.filter(({ part }) => !others.includes(part)),
  };
}

/** What comes of a choice: where that is the same for all, nobody has to choose. */
function outcomeOf({ dataFs, blobs, mounted }: LiveData, said: SaidPlaces): string {
  return JSON.stringify([
    said.dataFs ?? dataFs?.path,
    said.isWithoutBlobs || (said.blobs ?? blobs?.path),
    mounted.map((one) => [one.name, one.dataFs, said.isWithoutBlobs || one.blobs]),
  ]);
}

function whichOf(servers: readonly ZeoServer[], { dataFs, blobs }: SaidPlaces): string {
  const isSaid = dataFs !== undefined || blobs !== undefined;
  const why = isSaid
    ? 'the datafs and blob_storage that it names are not those of one ZEO server'
    : 'it does not say which ZEO server it backs up';
  const lines = servers.map(({ part, ...one }) => {
    const folder = one.blobs === undefined ? '' : `, blob_storage = ${one.blobs}`;
    return `\n    for [${part}]: datafs = ${one.dataFs}${folder}`;
  });
  return `${why}; write into it one of these:${lines.join('')}`;
}
