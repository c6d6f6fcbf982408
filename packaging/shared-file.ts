import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';

const MAIN = 'src/cli/main.ts';
/** It loads a command when that is meant. */
const COMMAND_LIST = 'src/cli/command-list.ts';

/** How many commands share what goes into the files. With all modules in one, `list` takes as long as without it. */
const FEWEST_COMMANDS = 6;
/** Somebody waits for it each time: what others share, and it does without, is a file of its own. */
const LIGHT = 'src/cli/commands/list.ts';

const NAME = 'zodbvault-shared';
const NAME_OF_REST = 'zodbvault-shared-by-others';

type Modules = Metafile['inputs'];

/**
 * Puts what many commands share into two files. esbuild makes a file for each set of commands that has a module in
 * common: `list` would read fifty. Node needs longer to find a file than to read some modules more.
 *
 * @param root - the folder that the names of the modules begin at
 * @param modules - from the metafile of the same build without this plugin
 */
export function sharedFile(root: string, modules: Modules): Plugin {
  const first = reachOf(MAIN, modules);
  const commands = loadedOnDemandBy([COMMAND_LIST], modules);
  const reached = commands.flatMap((command) => [...reachOf(command, modules)]);
  // What a command loads later would divide the file into what it shares and what it doesn't.
  const early = loadedOnDemandBy(first, modules);
  const later = loadedOnDemandBy(reached, modules).filter((module) => !early.includes(module));
  const loadAll = new Set([...commands, ...later]);
  const shared = [...countEach(reached)]
    .filter(([module, count]) => count >= FEWEST_COMMANDS && !first.has(module))
    .map(([module]) => module);
  const ofLight = reachOf(LIGHT, modules);
  const files = new Map([
    [NAME, shared.filter((module) => ofLight.has(module))],
    [NAME_OF_REST, shared.filter((module) => !ofLight.has(module))],
  ]);
  return {
    name: 'shared-file',
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: new RegExp(`^${NAME}`) }, ({ path }) => ({ path, namespace: NAME }));
      onLoad({ filter: /^/, namespace: NAME }, ({ path }) => ({
        contents: importsOf((files.get(path) ?? []).map((module) => join(root, module))),
        resolveDir: root,
      }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!loadAll.has(relative(root, path))) return undefined;
        const names = relative(root, path) === LIGHT ? [NAME] : [...files.keys()];
        const contents = `${readFileSync(path, 'utf8')}\n${importsOf(names)}`;
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
}

function importsOf(names: readonly string[]): string {
  return names.map((name) => `import ${JSON.stringify(name)};\n`).join('');
}

/** A module, and all that are loaded before it runs. */
function reachOf(module: string, modules: Modules): ReadonlySet<string> {
  const reached = new Set([module]);
  // A set gives what is added meanwhile, too.
  for (const one of reached) {
    for (const { kind, path, external } of modules[one]?.imports ?? []) {
      if (kind !== 'dynamic-import' && external !== true) reached.add(path);
    }
  }
  return reached;
}

/** The modules of ours that `import()` names in these. */
function loadedOnDemandBy(these: Iterable<string>, modules: Modules): readonly string[] {
  const imports = [...new Set(these)].flatMap((one) => modules[one]?.imports ?? []);
  const onDemand = imports.filter(({ kind, path }) => kind === 'dynamic-import' && path in modules);
  return onDemand.map(({ path }) => path);
}

function countEach(values: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}
