import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Metafile, Plugin } from 'esbuild';

const MAIN = 'src/cli/main.ts';
/** It loads a command when that is meant. */
const COMMAND_LIST = 'src/cli/command-list.ts';

/** How many commands share what goes into the file. With all modules in it, `list` takes as long as without it. */
const FEWEST_COMMANDS = 6;

const NAME = 'zodbvault-shared';

type Modules = Metafile['inputs'];

/**
 * Puts what many commands share into one file. esbuild makes a file for each set of commands that has a module in
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
    .map(([module]) => `import ${JSON.stringify(join(root, module))};\n`);
  return {
    name: 'shared-file',
    setup: ({ onLoad, onResolve }) => {
      onResolve({ filter: new RegExp(`^${NAME}$`) }, ({ path }) => ({ path, namespace: NAME }));
      onLoad({ filter: /^/, namespace: NAME }, () => ({
        contents: shared.join(''),
        resolveDir: root,
      }));
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (!loadAll.has(relative(root, path))) return undefined;
        const contents = `${readFileSync(path, 'utf8')}\nimport '${NAME}';\n`;
        return { contents, loader: 'ts', resolveDir: dirname(path) };
      });
    },
  };
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
