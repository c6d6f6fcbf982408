import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { leadsNowhere } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { leadToOne } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import type { Environment } from '../environment/environment.ts';
import type { LiveData, LiveOutcome } from '../model/live-data.ts';
import { readConfStorages } from '../zconfig/conf-storages.ts';
import { readInstanceYaml } from '../zconfig/instance-yaml.ts';
import { type ConfChoice, chosenConf } from './image-conf.ts';
import { refuseOtherData } from './own-data.ts';

/** What of a site was looked for, in the order in which it counts. */
export interface Candidate {
  readonly what: string;
  readonly state: 'taken' | 'passed over';
  readonly why: string;
}

/** What a folder says about its live data, without a word about backups. */
export type FoundLive =
  /** A file that says it. */
  | { readonly kind: 'file'; readonly path: string; readonly live: LiveData }
  /** The layout of the container images. */
  | { readonly kind: 'container'; readonly dataFs: string }
  | { readonly kind: 'nothing' };

/** What a file of settings is, by its name and else by what is in it. */
export type ConfigKind = 'toml' | 'conf' | 'instance-yaml' | 'buildout';

export const TOML_NAME = 'zodbvault.toml';

/** Failures `not-found` and `system` where it can't be read. */
export async function kindOfConfig(path: string): Promise<ConfigKind> {
  switch (extname(path).toLowerCase()) {
    case '.toml':
      return 'toml';
    case '.conf':
      return 'conf';
    case '.yaml':
    case '.yml':
      return 'instance-yaml';
    case '.cfg':
      return 'buildout';
    default: {
      const text = await withSystemErrors(`read "${path}"`, () => readFile(path, 'utf8'));
      if (/^default_context:/m.test(text)) return 'instance-yaml';
      return /^\s*(?:%(?:define|import|include)\b|<\w)/m.test(text) ? 'conf' : 'buildout';
    }
  }
}

/**
 * Reads a file that says where live data is. Failure `refused` where it is elsewhere, also as a file says with which
 * the container runs in the place of this one ({@link chosenConf}).
 */
export async function readLiveFile(
  path: string,
  {
    kind,
    environment,
  }: { readonly kind: 'conf' | 'instance-yaml'; readonly environment: Environment },
): Promise<LiveData> {
  const choice = await chosenConf(dirname(resolve(path)), environment);
  if (kind === 'conf' && choice !== undefined && choice.path !== resolve(path)) {
    throw runsWithAnother(path, {
      choice,
      outcome: await readConfStorages(choice.path, environment),
    });
  }
  const outcome = await outcomeOf(path, { kind, environment });
  if (outcome.kind === 'here') return outcome.live;
  throw elsewhere([outcome]);
}

/** An old Data.fs may lie beside the file that was named: it is taken only if it is named itself. */
function runsWithAnother(
  path: string,
  { choice, outcome }: { readonly choice: ConfChoice; readonly outcome: LiveOutcome },
): Failure {
  const reason = `${choice.why}, so that this container runs with "${choice.path}", not with "${path}"`;
  if (outcome.kind === 'here') {
    return elsewhere([
      { kind: 'elsewhere', reason, hint: { kind: 'name-file', path: choice.path } },
    ]);
  }
  const hint = { kind: 'several', hints: [outcome.hint, { kind: 'name-old-data-fs' }] } as const;
  return elsewhere([{ kind: 'elsewhere', reason: `${reason}; ${outcome.reason}`, hint }]);
}

/**
 * Looks for what says where the live data of a folder is: `zeo.conf` and `zope.conf` in the usual
 * places, `instance.yaml`, the `/data` of the container images. Adds to `candidates` what it saw.
 *
 * Failures: `refused` where the data is on a ZEO server or in another database, as one file says: an old
 * Data.fs that lies around must not be taken for it; and where it is in another folder, and this one has one, too
 * ({@link refuseOtherData}); `usage` where two files speak of different ones, or
 * one can't be understood.
 */
export async function findLive(
  folder: string,
  {
    environment,
    candidates,
  }: { readonly environment: Environment; readonly candidates: Candidate[] },
): Promise<FoundLive> {
  const pass = (what: string, why: string) => candidates.push({ what, state: 'passed over', why });
  const take = (what: string, why: string) => candidates.push({ what, state: 'taken', why });
  const { confs, unused } = await confFiles(folder, environment);
  if (confs.length === 0) {
    pass(
      `zeo.conf or zope.conf in ${folder}, or its etc, instance/etc, parts/*/etc`,
      'there is none',
    );
  }
  for (const { path, why } of unused) pass(path, why);
  const files = [
    ...confs.map((path) => ({ path, kind: 'conf' as const })),
    { path: join(folder, 'instance.yaml'), kind: 'instance-yaml' as const },
  ];
  const away: Away[] = [];
  const broken: Broken[] = [];
  const here: FileWithLive[] = [];
  for (const { path, kind } of files) {
    if (!(await isThere(path))) pass(path, 'it does not exist');
    else if (here.length > 0 && kind === 'instance-yaml')
      pass(path, 'something before it was taken');
    else {
      const outcome = await outcomeOf(path, { kind, environment }).catch((error: unknown) =>
        unusable(path, error),
      );
      if (outcome === undefined) pass(path, 'it has no storage');
      else if (outcome.kind === 'broken') {
        broken.push(outcome);
        pass(path, outcome.failure.message);
      } else if (outcome.kind === 'here') here.push({ path, live: outcome.live });
      else {
        away.push({ path, kind, outcome });
        pass(path, outcome.reason);
      }
    }
  }
  const [first, ...more] = here;
  if (broken[0] !== undefined) throw brokenBeside(broken[0], first?.path);
  if (first !== undefined) {
    const other = await findOther(first, more);
    if (other !== undefined) {
      throw new Failure(
        'usage',
        `Cannot tell which Data.fs is meant: "${first.path}" and "${other.path}" have different ones`,
        { hint: { kind: 'name-one-file' } },
      );
    }
    const client = clientBeside(first.path, away);
    if (client !== undefined) throw client;
    if (first.live.dataFs !== undefined) {
      await refuseOtherData(folder, {
        dataFs: first.live.dataFs.path,
        found: `"${first.path}" names`,
        other: { is: 'named-by', path: first.path },
      });
    }
    take(first.path, 'it says where the Data.fs is');
    for (const { path } of more) pass(path, 'something before it was taken');
    return { kind: 'file', ...first };
  }
  if (away.length > 0) throw elsewhere(away.map(({ outcome }) => outcome));
  return findContainer(folder, { environment, pass, take });
}

interface FileWithLive {
  readonly path: string;
  readonly live: LiveData;
}

/** A file that names another Data.fs. */
async function findOther(
  { live }: FileWithLive,
  others: readonly FileWithLive[],
): Promise<FileWithLive | undefined> {
  for (const other of others) {
    const [one, another] = [live.dataFs?.path, other.live.dataFs?.path];
    if (one === another) continue;
    if (one === undefined || another === undefined || !(await leadToOne(one, another)))
      return other;
  }
  return undefined;
}

type Note = (what: string, why: string) => void;

/**
 * The volume of plone-backend and plone-zeo; ZODBVAULT_DATA is where it is mounted elsewhere. Whoever sets that means
 * that folder: it is taken also where its data is gone, and nothing else in its place where it isn't there.
 */
async function findContainer(
  folder: string,
  {
    environment,
    pass,
    take,
  }: { readonly environment: Environment; readonly pass: Note; readonly take: Note },
): Promise<FoundLive> {
  const said = environment['ZODBVAULT_DATA'] ?? '';
  const data = said === '' ? '/data' : resolve(folder, said);
  const dataFs = join(data, 'filestorage', 'Data.fs');
  for (const variable of ['ZEO_ADDRESS', 'RELSTORAGE_DSN']) {
    if ((environment[variable] ?? '') === '' || !(await isThere(data))) continue;
    const where = variable === 'ZEO_ADDRESS' ? 'on a ZEO server' : 'in a relational database';
    throw elsewhere([
      {
        kind: 'elsewhere',
        reason: `${variable} is set: the data of this container is ${where}, not in "${data}"`,
        hint:
          variable === 'ZEO_ADDRESS'
            ? 'Run this beside the ZEO server, with its volume.'
            : 'Use that database’s own backup; zodbvault backs up the Data.fs and its blobs.',
      },
    ]);
  }
  if (said !== '') {
    const isFolder = await stat(data).then(
      (found) => found.isDirectory(),
      () => false,
    );
    if (!isFolder) throw wrongVolume(data);
    take(dataFs, 'ZODBVAULT_DATA names the volume');
    return { kind: 'container', dataFs };
  }
  if (await isThere(join(data, 'filestorage'))) {
    await refuseOtherData(folder, {
      dataFs,
      found: 'the volume of a container has',
      other: { is: 'on-volume', path: data },
    });
    take(dataFs, 'it is the volume of the images plone-backend and plone-zeo');
    return { kind: 'container', dataFs };
  }
  pass(dataFs, 'it does not exist');
  return { kind: 'nothing' };
}

function wrongVolume(data: string): Failure {
  return new Failure(
    'not-found',
    `Cannot find the data of the site: there is no folder "${data}", which ZODBVAULT_DATA names`,
    { hint: 'Correct the variable, or unset it; it is the folder with "filestorage" in it.' },
  );
}

/** ZEO servers come first: they have the files. Those that the container doesn't run with count for nothing. */
async function confFiles(
  folder: string,
  environment: Environment,
): Promise<{
  readonly confs: readonly string[];
  readonly unused: readonly { readonly path: string; readonly why: string }[];
}> {
  const parts = (await readdir(join(folder, 'parts')).catch(leadsNowhere)) ?? [];
  const folders = ['etc', 'instance/etc', ...[...parts].sort().map((name) => `parts/${name}/etc`)];
  const all = ['', ...folders].map((one) => join(folder, one));
  const found: string[] = [];
  for (const name of ['zeo.conf', 'zope.conf']) {
    const paths = all.map((one) => join(one, name));
    for (const path of paths) if (await isThere(path)) found.push(path);
  }
  const confs = new Set<string>();
  const unused: { readonly path: string; readonly why: string }[] = [];
  for (const path of found) {
    const choice = await chosenConf(dirname(path), environment);
    confs.add(choice?.path ?? path);
    if (choice === undefined || choice.path === path) continue;
    unused.push({ path, why: `the container runs with ${choice.path}, as ${choice.why}` });
  }
  return { confs: [...confs], unused };
}

function outcomeOf(
  path: string,
  {
    kind,
    environment,
  }: { readonly kind: 'conf' | 'instance-yaml'; readonly environment: Environment },
): Promise<LiveOutcome> {
  return kind === 'conf' ? readConfStorages(path, environment) : readInstanceYaml(path);
}

/** A file that is there, and can't be understood. */
interface Broken {
  readonly kind: 'broken';
  readonly path: string;
  readonly failure: Failure;
}

/** Undefined for a file without a storage. */
function unusable(path: string, error: unknown): Broken | undefined {
  if (!(error instanceof Failure)) throw error;
  if (error.code === 'not-found') return undefined;
  return { kind: 'broken', path, failure: error };
}

/**
 * A file that nobody can read may be the one that counts, or say that the data is on a ZEO server: what
 * another says is not taken in its place, unless somebody says so.
 */
function brokenBeside({ path, failure }: Broken, usable: string | undefined): Failure {
  if (usable === undefined) return failure;
  return new Failure(failure.code, failure.message, {
    hint: { kind: 'correct-or-name-file', path, usable },
    cause: failure,
  });
}

/** A file that is there, and says that the data is elsewhere. */
interface Away {
  readonly path: string;
  readonly kind: 'conf' | 'instance-yaml';
  readonly outcome: Elsewhere;
}

/**
 * A `zope.conf` is what the server runs with. Where it says that the data is elsewhere, only the `zeo.conf`
 * of its server may say that it is here: by any other file, an old Data.fs would be taken for the live one.
 */
function clientBeside(taken: string, away: readonly Away[]): Failure | undefined {
  const client = away.find(({ kind }) => kind === 'conf');
  if (client === undefined || basename(taken) === 'zeo.conf') return undefined;
  return new Failure(
    'refused',
    `Cannot tell where the live data is: by "${taken}", it is here; but by "${client.path}", it is elsewhere: ${client.outcome.reason}`,
    {
      hint: { kind: 'confirm-live-data', path: taken },
    },
  );
}

type Elsewhere = Extract<LiveOutcome, { kind: 'elsewhere' }>;

function elsewhere(all: readonly Elsewhere[]): Failure {
  const [first] = all;
  const reasons = all.map(({ reason }) => reason).join('; ');
  return new Failure('refused', `Cannot back up the data from here: ${reasons}`, {
    hint: first?.hint ?? { kind: 'name-places' },
  });
}
