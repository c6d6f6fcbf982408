import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import type { Override } from '../../../config/buildout/buildout.ts';
import { type Candidate, kindOfConfig, TOML_NAME } from '../../../config/discover/discovery.ts';
import type { RecipePart } from '../../../config/recipe/recipe-part.ts';
import type { ResolvedOption } from '../../../config/resolve/option-reader.ts';
import type { ResolvedSite } from '../../../config/resolve/resolve-site.ts';
import { scriptFileName } from '../../../config/resolve/script-names.ts';
import { Failure } from '../../../system/failure.ts';
import { isThere } from '../../../system/files/presence.ts';
import { formatTable } from '../../format/table.ts';
import { noteAbsentData } from '../../options/absent-data.ts';
import { splitOverrides, withOutputOptions } from '../../options/common-options.ts';
import { describeScripts } from '../../options/part-scripts.ts';
import { type ConfigResult, siteAsJson } from '../../render/json/results/config.ts';
import { renderWarning } from '../../render/warnings/sentence.ts';
import {
  CONFIG_OPTION,
  loadBuildout,
  type ReadParts,
  readParts,
} from '../../select/select-buildout-part.ts';
import { findAnySites } from '../../select/select-site.ts';
import { withPlaceOptions } from '../../select/site-options.ts';
import { runCommand } from '../../terminal/run-command.ts';
import type { Terminal } from '../../terminal/terminal.ts';
import { noteHiddenServers } from './hidden-servers.ts';
import { adviseOfMissingScripts } from './missing-scripts.ts';

export function addConfigCommand(program: Command): void {
  const command = withPlaceOptions(program.command('config'))
    .addOption(CONFIG_OPTION)
    .argument('[words...]', 'parts (default: all), and SECTION:OPTION=VALUE to set an option');
  withOutputOptions(command).action((argv, options) =>
    runCommand(
      { ...options, command },
      async ({ terminal, signal }) => {
        const result = terminal.document.result<ConfigResult>({ sites: [], candidates: [] });
        const { names, overrides } = splitOverrides(argv);
        const isBuildout = overrides.length > 0 || names.length > 0;
        if (isBuildout && (await speaksOfBuildout(options.config))) {
          const buildout = await loadBuildout({ config: options.config, overrides }, terminal);
          const read = await readParts(buildout, { names, terminal });
          if (read.parts.length === 0) {
            const { path } = buildout;
            renderWarning({ kind: 'warning', code: 'no-backup-part', buildout: path }, terminal);
          }
          await showParts(read, { terminal, signal, result });
          return undefined;
        }
        refuseOverrides(overrides);
        const [part, ...others] = names;
        const selection = { ...options, part: others.length === 0 ? part : undefined };
        const { found } = await findAnySites(selection, {
          terminal,
          purpose: 'backup',
          candidates: result.candidates,
        }).catch((error: unknown) => {
          showCandidates(result.candidates, terminal);
          throw error;
        });
        switch (found.kind) {
          case 'buildout':
            await showParts(found, { terminal, signal, result });
            break;
          case 'configured':
            for (const one of found.sites) {
              if (names.length === 0 || names.includes(one.site.part))
                await showSite(one, { terminal, signal, result });
            }
            break;
          case 'plain':
            await showSite(found.site, { terminal, signal, result });
            break;
          default:
            found satisfies never;
        }
        showCandidates(result.candidates, terminal);
        return undefined;
      },
      { about: 'settings' },
    ),
  );
}

/** Parts and overrides are a buildout's, unless another file is what is used here. */
async function speaksOfBuildout(config: string | undefined): Promise<boolean> {
  if (config !== undefined) return (await kindOfConfig(resolve(config))) === 'buildout';
  return !(await isThere(resolve(TOML_NAME)));
}

function refuseOverrides(overrides: readonly Override[]): void {
  const [first] = overrides;
  if (first === undefined) return;
  const { section, option, value } = first;
  const where = section === 'buildout' ? '' : `${section}:`;
  throw new Failure('usage', `Cannot use "${where}${option}=${value}": there is no buildout`, {
    hint: 'Write it into the zodbvault.toml, or set a variable like ZODBVAULT_KEEP.',
  });
}

interface Showing {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
  readonly result: ConfigResult;
}

async function showParts(
  { parts, cronLines, scripts }: ReadParts,
  { terminal, signal, result }: Showing,
): Promise<void> {
  for (const part of parts) {
    result.sites.push({ ...siteAsJson(part), scripts: [...scriptsOf(part)] });
    const settings = [...rowsOf(part.resolved), ['scripts', scriptsOf(part).join('\n'), '']];
    const table = { head: headOf(part), rows: settings };
    terminal.print(`${await formatTable(table, signal)}\n`);
  }
  await noteAbsentData(parts, terminal);
  describeScripts(scripts, terminal);
  await adviseOfMissingScripts(parts, { lines: cronLines, terminal });
  await noteHiddenServers(parts, terminal);
}

/** Where each storage is and where its backups go, then each setting with what told it. */
async function showSite(one: ResolvedSite, { terminal, signal, result }: Showing): Promise<void> {
  const { site, resolved } = one;
  result.sites.push(siteAsJson(one));
  const places = site.storages.flatMap(({ name, dataFs, blobs, folders: { backup } }) => [
    [`storage ${name}`, [dataFs, blobs ?? 'no blobs'].join('\n'), ''],
    ['its backups', [backup.filestorage, backup.blobs ?? []].flat().join('\n'), ''],
  ]);
  const table = { head: headOf(one), rows: [...places, ...rowsOf(resolved)] };
  terminal.print(`${await formatTable(table, signal)}\n`);
  await noteAbsentData([one], terminal);
  await noteHiddenServers([one], terminal);
}

function showCandidates(candidates: readonly Candidate[], terminal: Terminal): void {
  for (const { what, state, why } of candidates) {
    terminal.print(state === 'taken' ? `Taken: ${what}: ${why}` : `Not taken: ${what}: ${why}`);
  }
}

function headOf({ site }: ResolvedSite): readonly string[] {
  return [`[${site.part}]`, 'Value', 'From'];
}

function rowsOf(resolved: readonly ResolvedOption[]): readonly (readonly string[])[] {
  return resolved.map(({ name, value, from }) => [name, value, from]);
}

function scriptsOf({ site, scripts }: RecipePart): readonly string[] {
  return scripts.map((name) => scriptFileName(site.part, name));
}
