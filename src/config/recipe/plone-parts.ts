import { dirname, join, resolve } from 'node:path';
import type { Buildout } from '../buildout/buildout.ts';
import type { CfgValue } from '../model/cfg-value.ts';
import type { Found, LiveData, MountedStorage } from '../model/live-data.ts';
import type { ServedElsewhere } from '../model/site.ts';
import type { PathEnvironment } from '../resolve/paths.ts';
import { expandPath } from '../resolve/paths.ts';
import { storagesInConf } from './additional-conf.ts';

const INSTANCE = 'plone.recipe.zope2instance';
const SERVERS = ['plone.recipe.zeoserver', 'plone.recipe.zope2zeoserver'];
const MOUNTS = 'collective.recipe.filestorage';

/** A part that runs a ZEO server, and its main storage. */
export interface ZeoServer {
  readonly part: string;
  readonly dataFs: string;
  /** Undefined where it has no blob directory. */
  readonly blobs: string | undefined;
}

/** A storage of collective.recipe.filestorage. */
export interface ServedStorage extends MountedStorage {
  /** The ZEO server that its part names; undefined: the only one. */
  readonly server: string | undefined;
}

/** What all parts of a buildout tell, whichever server they belong to. */
export interface BuildoutData extends LiveData {
  readonly servers: readonly ZeoServer[];
  readonly mounted: readonly ServedStorage[];
  readonly unlisted: readonly (Omit<MountedStorage, 'blobs'> & { readonly part: string })[];
}

/** The folder that the recipe calls the buildout's: the parent of the bin directory. */
function topFolder(buildout: Buildout): string {
  const bin = buildout.option('buildout', 'bin-directory')?.text ?? 'bin';
  return dirname(resolve(dirname(buildout.path), bin));
}

/** The bin directory, absolute. */
export function binFolder(buildout: Buildout): string {
  return resolve(
    dirname(buildout.path),
    buildout.option('buildout', 'bin-directory')?.text ?? 'bin',
  );
}

/** What other recipes begin relative paths at. */
function buildoutDirectory(buildout: Buildout): string {
  const written = buildout.option('buildout', 'directory')?.text ?? '';
  return resolve(dirname(buildout.path), written);
}

/**
 * Reads the parts that run Zope and ZEO, in the order of `[buildout] parts`. Each option is looked
 * up by itself: the first part that has it wins. Relative paths begin where the part's own recipe
 * lets them begin.
 *
 * Failures: those of {@link Buildout.option}, for options that are needed.
 */
export function readBuildoutData(
  buildout: Buildout,
  pathEnvironment: PathEnvironment,
): BuildoutData {
  const directory = buildoutDirectory(buildout);
  const parts = partNames(buildout).flatMap((name) => {
    const recipe = recipeOf(buildout, name);
    return recipe === undefined ? [] : [{ name, recipe }];
  });
  const expand = (text: string, base: string) => expandPath(text, { base, pathEnvironment });
  const textOf = (part: string, option: string) => {
    const text = buildout.option(part, option)?.text.trim();
    return text === '' ? undefined : text;
  };
  const servers = parts.filter(({ recipe }) => recipe === INSTANCE || SERVERS.includes(recipe));
  const first = (find: (part: Part) => string | undefined): Found | undefined => {
    for (const part of servers) {
      const path = find(part);
      if (path !== undefined) return { path, from: sayPart(part.name) };
    }
    return undefined;
  };
  const varOf = (part: Part) => expand(textOf(part.name, 'var') ?? 'var', directory);
  const isOn = (part: Part, option: string) =>
    ['on', 'true', 'yes', '1'].includes(textOf(part.name, option)?.toLowerCase() ?? '');
  const isClient = (part: Part) => part.recipe === INSTANCE && isOn(part, 'zeo-client');

  // Whoever doesn't say that it shares the directory with the server has a cache.
  const hasCache = (part: Part) => isClient(part) && !isOn(part, 'shared-blob');

  return {
    directory: topFolder(buildout),
    // For an instance, zeo-var is the folder of the client's cache.
    variable:
      first((part) => {
        if (part.recipe === INSTANCE) return undefined;
        const text = textOf(part.name, 'zeo-var');
        return text === undefined ? undefined : expand(text, directory);
      }) ?? first((part) => (textOf(part.name, 'var') === undefined ? undefined : varOf(part))),
    dataFs: first((part) => {
      const text = isClient(part) ? undefined : textOf(part.name, 'file-storage');
      return text === undefined ? undefined : expand(text, varOf(part));
    }),
    blobs: first((part) => {
      const text = textOf(part.name, 'blob-storage');
      if (text === undefined || hasCache(part)) return undefined;
      return expand(text, part.recipe === INSTANCE ? directory : varOf(part));
    }),
    blobCaches: servers.filter(hasCache).flatMap(({ name }) => {
      const text = textOf(name, 'blob-storage');
      if (text === undefined) return [];
      const origin = buildout.option(name, 'blob-storage')?.origin;
      const reason = `[${name}] is a ZEO client without "shared-blob = on"`;
      return [{ path: expand(text, directory), reason, origin }];
    }),
    hasServerPart: servers.length > 0,
    servedElsewhere: servers.every(isClient) ? serverOf(servers, textOf) : undefined,
    mounted: parts
      .filter(({ recipe }) => recipe === MOUNTS)
      .flatMap(({ name }) => mountedBy(buildout, { part: name, directory, expand })),
    servers: servers
      .filter(({ recipe }) => SERVERS.includes(recipe))
      .map((part) => ({
        part: part.name,
        dataFs: expand(
          textOf(part.name, 'file-storage') ?? join('filestorage', 'Data.fs'),
          varOf(part),
        ),
        blobs: blobsOfServer(buildout.option(part.name, 'blob-storage'), (text) =>
          expand(text, varOf(part)),
        ),
      })),
    unlisted: servers.flatMap(({ name, recipe }) => {
      const option = recipe === INSTANCE ? 'zope-conf-additional' : 'zeo-conf-additional';
      const from = `${option} of [${name}]`;
      return storagesInConf(textOf(name, option) ?? '').map((one) => ({
        ...{ name: one.name, part: name, from },
        dataFs: expand(one.path, directory),
      }));
    }),
    elsewhere: servers
      .filter(({ recipe }) => recipe === INSTANCE)
      .flatMap((part) => {
        const { name } = part;
        const codes = [
          textOf(name, 'rel-storage') !== undefined && 'relstorage-not-backed-up',
          isOn(part, 'demo-storage') && 'demo-storage-not-backed-up',
          textOf(name, 'before-storage') !== undefined && 'earlier-state-shown',
        ] as const;
        return codes.flatMap((code) => (code ? [{ kind: 'advice', code, part: name }] : []));
      }),
  };
}

/** An option that is there, and empty, says that there are none. */
function blobsOfServer(
  written: CfgValue | undefined,
  expand: (text: string) => string,
): string | undefined {
  const text = written?.text.trim() ?? 'blobstorage';
  return text === '' ? undefined : expand(text);
}

/** All parts being clients, whose server no part is. */
function serverOf(
  [first]: readonly Part[],
  textOf: (part: string, option: string) => string | undefined,
): ServedElsewhere | undefined {
  return first && { client: first.name, server: textOf(first.name, 'zeo-address') };
}

interface Part {
  readonly name: string;
  readonly recipe: string;
}

/** What `[buildout] parts` lists, in its order. */
export function partNames(buildout: Buildout): readonly string[] {
  return wordsOf(buildout.option('buildout', 'parts'));
}

/** The recipe of a part, as it is compared: in lower case. */
export function recipeOf(buildout: Buildout, part: string): string | undefined {
  return buildout.option(part, 'recipe')?.text.trim().toLowerCase();
}

/**
 * `parts` names the storages, `zeo` their server; every other option may stand in the part, or for one storage in the section
 * `filestorage_NAME`, and has that name for `%(fs_part_name)s` (PyPI, collective.recipe.filestorage).
 */
function mountedBy(
  buildout: Buildout,
  {
    part,
    directory,
    expand,
  }: {
    readonly part: string;
    readonly directory: string;
    readonly expand: (text: string, base: string) => string;
  },
): readonly ServedStorage[] {
  const server = buildout.option(part, 'zeo')?.text.trim() || undefined;
  return wordsOf(buildout.option(part, 'parts')).map((name) => {
    const textOf = (option: string) =>
      (buildout.option(`filestorage_${name}`, option) ?? buildout.option(part, option))?.text
        .trim()
        .replaceAll('%(fs_part_name)s', name);
    const location = textOf('location') ?? join('var', 'filestorage', name, `${name}.fs`);
    const named = textOf('blob-storage');
    const isEnabled = ['true', 'on', 'yes', '1'].includes(
      textOf('blob-enabled')?.toLowerCase() ?? '',
    );
    const blobs = named ?? (isEnabled ? join('var', `blobstorage-${name}`) : undefined);
    return {
      name,
      server,
      from: sayPart(part),
      dataFs: expand(location, directory),
      blobs: blobs === undefined || blobs === '' ? undefined : expand(blobs, directory),
    };
  });
}

/** How a part is named where it is said what told a setting. */
function sayPart(part: string): string {
  return `the part [${part}]`;
}

function wordsOf(value: CfgValue | undefined): readonly string[] {
  return (value?.text ?? '').split(/\s+/).filter((word) => word !== '');
}
