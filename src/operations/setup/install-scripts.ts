import { access, constants, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { RecipePart } from '../../config/recipe/recipe-part.ts';
import {
  decodeScript,
  encodeRepozo,
  encodeScript,
  isOurRepozo,
  isRecipeScript,
} from '../../config/recipe/script-text.ts';
import { scriptFileName } from '../../config/resolve/script-names.ts';
import { absent } from '../../system/absent.ts';
import { Failure, withSystemErrors } from '../../system/failure.ts';
import { makeFolder } from '../../system/files/make-folder.ts';
import { isUnfinished, syncDirectory, writeNewFile } from '../../system/files/new-file.ts';
import { leadingTo, leadToOne } from '../../system/files/place.ts';
import { isThere } from '../../system/files/presence.ts';
import type { JobContext } from '../run/events.ts';
import type { InstallStep } from '../run/setup-steps.ts';

/** What is installed where. */
export interface InstallSettings {
  /** The buildout's folder for scripts. */
  readonly bin: string;
  readonly buildout: string;
  readonly parts: readonly RecipePart[];
  /** Whether `parts` are all that the buildout has: scripts of others go then. */
  readonly scope: 'all-parts' | 'these-parts';
  /** The words of what the scripts run. */
  readonly program: readonly string[];
}

/**
 * Decides what is to be done; nothing is touched. Failure `refused` where a file that neither
 * zodbvault nor the recipe wrote has the name of a script.
 */
export async function planInstall(settings: InstallSettings): Promise<readonly InstallStep[]> {
  const { bin, parts, program } = settings;
  const found = await readScripts(bin);
  const leftovers = [...found.keys()].filter((name) => isUnfinished(name));
  const there = new Map([...found].filter(([name]) => !isUnfinished(name)));
  const wanted = new Map(
    parts.flatMap(({ site, scripts }) =>
      scripts.map((name) => [
        scriptFileName(site.part, name),
        encodeScript({ name, site, bin }, program),
      ]),
    ),
  );
  refuseClashes(settings);
  refuseFolderNames(settings);
  const foreign = [...wanted.keys()].filter((name) => {
    const text = there.get(name);
    return text !== undefined && !isOurs(text) && !isRecipeScript(text);
  });
  if (foreign.length > 0) throw isForeign(foreign.map((name) => join(bin, name)));
  const writes = [...wanted].flatMap(([name, content]): InstallStep[] => {
    const text = there.get(name);
    if (text === content) return [];
    const replaces = text === undefined ? 'nothing' : isOurs(text) ? 'own' : 'recipe';
    return [{ kind: 'write', path: join(bin, name), content, replaces }];
  });
  const owners = [...there.values()].flatMap((text) => decodeScript(text)?.site.buildout ?? []);
  const own = await leadingTo(settings.buildout, owners);
  const removals = [...there].flatMap(([name, text]): InstallStep[] => {
    const isUnwanted = !wanted.has(name) && isOurs(text) && isInScope(text, { ...settings, own });
    return isUnwanted ? [{ kind: 'remove', path: join(bin, name) }] : [];
  });
  return [
    // Of a run that was killed. One that still runs fails then, and changes nothing.
    ...leftovers.map((name): InstallStep => ({ kind: 'remove', path: join(bin, name) })),
    ...writes,
    ...(wanted.has('repozo') ? [] : repozoStep(settings, there.get('repozo'))),
    ...removals,
    ...(await takenOver(settings, { wanted: [...wanted.keys()], there })),
    ...(await folderSteps(parts)),
  ];
}

/** Two files of one folder may have parts of one name: the last one that was installed has the scripts. */
async function takenOver(
  { bin, buildout }: InstallSettings,
  {
    wanted,
    there,
  }: { readonly wanted: readonly string[]; readonly there: ReadonlyMap<string, string> },
): Promise<readonly InstallStep[]> {
  const lost = new Map<string, string[]>();
  for (const name of wanted) {
    const script = decodeScript(there.get(name) ?? '');
    const owner = script?.site.buildout;
    // One that was copied here with its site has its place there.
    if (script === undefined || owner === undefined || !(await leadToOne(script.bin, bin)))
      continue;
    if (!(await isThere(owner)) || (await leadToOne(owner, buildout))) continue;
    lost.set(owner, [...(lost.get(owner) ?? []), join(bin, name)]);
  }
  return [...lost].map(([owner, paths]) => ({
    kind: 'warn',
    warning: { kind: 'warning', code: 'scripts-taken-over', paths, owner, buildout },
  }));
}

/** Carries out a plan, in its order. */
export async function install(
  steps: readonly InstallStep[],
  { onEvent }: Pick<JobContext, 'onEvent'>,
): Promise<void> {
  for (const step of steps) {
    switch (step.kind) {
      case 'write':
        await makeFolder(dirname(step.path));
        await writeScript(step.path, step.content);
        break;
      case 'remove':
        await withSystemErrors(`remove "${step.path}"`, async () => {
          await unlink(step.path);
          await syncDirectory(dirname(step.path));
        });
        break;
      case 'make-folder':
        await makeFolder(step.path);
        break;
      case 'warn':
        break;
      default:
        step satisfies never;
    }
    onEvent({ kind: 'install-step', step });
  }
}

async function writeScript(path: string, content: string): Promise<void> {
  // Readable like every script: it holds paths, and no secret.
  await writeNewFile(path, Buffer.from(content), { rights: { kind: 'exact', mode: 0o755 } });
}

/** The files in a folder for scripts that are small enough to be one, with their text. */
async function readScripts(bin: string): Promise<ReadonlyMap<string, string>> {
  return withSystemErrors(`read "${bin}"`, async () => {
    const names = (await readdir(bin).catch(absent)) ?? [];
    const scripts = new Map<string, string>();
    for (const name of names) {
      const status = await stat(join(bin, name)).catch(() => undefined); // A link to nowhere.
      if (status === undefined) continue;
      const isScript = status.isFile() && status.size <= LARGEST_SCRIPT_BYTES;
      scripts.set(name, isScript ? await readFile(join(bin, name), 'utf8') : '');
    }
    return scripts;
  });
}

const LARGEST_SCRIPT_BYTES = 1 << 20;

function isOurs(text: string): boolean {
  return decodeScript(text) !== undefined;
}

/** @param own - paths that lead to the buildout */
function isInScope(
  text: string,
  { own, parts, scope }: InstallSettings & { readonly own: ReadonlySet<string> },
): boolean {
  const site = decodeScript(text)?.site;
  if (site?.buildout === undefined || !own.has(site.buildout)) return false;
  return scope === 'all-parts' || parts.some((one) => one.site.part === site.part);
}

/** Two parts may want one name: `a` with its `-full`, and a part `a-full`. */
function refuseClashes({ parts }: InstallSettings): void {
  const owners = new Map<string, string>();
  for (const { site, scripts } of parts) {
    for (const name of scripts.map((script) => scriptFileName(site.part, script))) {
      const other = owners.get(name);
      if (other !== undefined) {
        throw new Failure(
          'usage',
          `Cannot install: the parts [${other}] and [${site.part}] both want the script "${name}"`,
          { hint: 'Give one of them another name.' },
        );
      }
      owners.set(name, site.part);
    }
  }
}

/** A part's name becomes that of a file: with a "/" in it, of a file elsewhere. */
function refuseFolderNames({ parts }: InstallSettings): void {
  const wrong = parts.find(({ site }) => site.part.includes('/'));
  if (wrong === undefined) return;
  throw new Failure(
    'usage',
    `Cannot install: the part [${wrong.site.part}] has a "/" in its name, which its scripts would have`,
    { hint: 'Give it another name.' },
  );
}

function isForeign(paths: readonly string[]): Failure {
  const list = paths.map((path) => `"${path}"`).join(', ');
  return new Failure(
    'refused',
    `Cannot install: ${list} ${paths.length === 1 ? 'was' : 'were'} written by something else`,
    { hint: 'Nothing was changed. Move it away, or give the part another name.' },
  );
}

function repozoStep(
  { bin, program, parts }: InstallSettings,
  text: string | undefined,
): readonly InstallStep[] {
  const content = encodeRepozo(program);
  const path = join(bin, 'repozo');
  if (text === content || (text === undefined && parts.length === 0)) return [];
  if (text === undefined) return [{ kind: 'write', path, content, replaces: 'nothing' }];
  return isOurRepozo(text) ? [{ kind: 'write', path, content, replaces: 'own' }] : [];
}

/** The folders that the recipe makes, or tries, when buildout runs. */
async function folderSteps(parts: readonly RecipePart[]): Promise<readonly InstallStep[]> {
  const steps: InstallStep[] = [];
  for (const { site, foldersAtInstall } of parts) {
    const folders = site.storages.flatMap(({ folders: { backup, snapshot } }) => [
      ...(site.contents === 'blobs' ? [] : [backup.filestorage, snapshot.filestorage]),
      ...(site.contents === 'filestorages'
        ? []
        : [backup.blobs ?? [], snapshot.blobs ?? []].flat()),
    ]);
    for (const path of folders) {
      const state = await canBeMade(path);
      if (state === 'file') {
        steps.push({ kind: 'warn', warning: { kind: 'warning', code: 'folder-is-a-file', path } });
      } else if (state === 'no') {
        steps.push({
          kind: 'warn',
          warning: { kind: 'warning', code: 'folder-not-creatable', path },
        });
      } else if (state === 'yes' && foldersAtInstall === 'make') {
        steps.push({ kind: 'make-folder', path });
      }
    }
  }
  return steps;
}

/** Looks whether a folder could be made, without making one: somebody may be writing there. */
async function canBeMade(path: string): Promise<'there' | 'yes' | 'no' | 'file'> {
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return found.isDirectory() ? 'there' : 'file';
  const parent = dirname(path);
  const above = await stat(parent).catch(() => undefined);
  if (above === undefined) return parent === path ? 'no' : canBeMade(parent).then(asParent);
  if (!above.isDirectory()) return 'no';
  return access(parent, constants.W_OK | constants.X_OK).then(
    () => 'yes',
    () => 'no',
  );
}

function asParent(state: 'there' | 'yes' | 'no' | 'file'): 'yes' | 'no' {
  return state === 'yes' || state === 'there' ? 'yes' : 'no';
}
