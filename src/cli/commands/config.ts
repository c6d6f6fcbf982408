import { resolve } from 'node:path';
import type { Command } from '@commander-js/extra-typings';
import type { Override } from '../../sites/buildout/buildout.ts';
import { type Candidate, kindOfConfig, TOML_NAME } from '../../sites/discovery.ts';
import type { RecipePart } from '../../sites/recipe/recipe-part.ts';
import { scriptFileName } from '../../sites/recipe/script-names.ts';
import type { SettledSite } from '../../sites/recipe/settle-site.ts';
import { Failure } from '../../system/failure.ts';
import { isThere } from '../../system/presence.ts';
import { noteAbsentData } from '../absent-data.ts';
import { CONFIG_OPTION, loadBuildout, readParts } from '../buildout.ts';
import { findAnySites } from '../found-sites.ts';
import { splitOverrides, withOutputOptions } from '../options.ts';
import { bareTable, formatTable } from '../render/table.ts';
import { runCommand } from '../run.ts';
import { withPlaceOptions } from '../sites.ts';
import type { Terminal } from '../terminal.ts';

export function addConfigCommand(program: Command): void {
  const command = withPlaceOptions(program.command('config'))
    .addOption(CONFIG_OPTION)
    .description(
      'show what was found, where the data and the backups are, and where each setting came from',
    )
    .argument('[words...]', 'parts (default: all), and SECTION:OPTION=VALUE to set an option');
  withOutputOptions(command).action((words, options) =>
    runCommand(
      options,
      async ({ terminal }) => {
        const { names, overrides } = splitOverrides(words);
        const isBuildout = overrides.length > 0 || names.length > 0;
        if (isBuildout && (await speaksOfBuildout(options.config))) {
          const buildout = await loadBuildout({ config: options.config, overrides }, terminal);
          const { parts } = await readParts(buildout, { names, terminal });
          await showParts(parts, { terminal, candidates: [] });
          return undefined;
        }
        refuseOverrides(overrides);
        const [part, ...others] = names;
        const wish = { ...options, part: others.length === 0 ? part : undefined };
        const candidates: Candidate[] = [];
        const { found } = await findAnySites(wish, {
          terminal,
          purpose: 'backup',
          candidates,
        }).catch((error: unknown) => {
          showCandidates(candidates, terminal);
          throw error;
        });
        switch (found.kind) {
          case 'buildout':
            await showParts(found.parts, { terminal, candidates });
            break;
          case 'configured':
            for (const one of found.sites) {
              if (names.length === 0 || names.includes(one.site.part))
                await showSite(one, { terminal, candidates });
            }
            break;
          case 'plain':
            await showSite(
              { ...found.site, warnings: [...found.site.warnings, ...found.site.leftOut] },
              { terminal, candidates },
            );
            break;
          default:
            found satisfies never;
        }
        showCandidates(candidates, terminal);
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
  readonly candidates: readonly Candidate[];
}

async function showParts(
  parts: readonly RecipePart[],
  { terminal, candidates }: Showing,
): Promise<void> {
  if (parts.length === 0) {
    terminal.warn('no part of the buildout has "recipe = collective.recipe.backup"');
  }
  for (const part of parts) {
    terminal.printJson({ ...asJson(part), candidates });
    terminal.print(tableOf(part));
  }
  await noteAbsentData(parts, terminal);
}

/** Where each storage is and where its backups go, then each setting with what told it. */
async function showSite(one: SettledSite, { terminal, candidates }: Showing): Promise<void> {
  const { site, settled, warnings } = one;
  const { part, storages } = site;
  terminal.printJson({ site: part, storages, settings: settled, warnings, candidates });
  const table = bareTable({ head: [`[${site.part}]`, 'Value', 'From'] });
  for (const { name, dataFs, blobs, folders } of site.storages) {
    table.push([`storage ${name}`, [dataFs, blobs ?? 'no blobs'].join('\n'), '']);
    const { filestorage, blobs: blobBackups } = folders.backup;
    table.push(['its backups', [filestorage, blobBackups ?? []].flat().join('\n'), '']);
  }
  for (const { name, value, from } of settled) table.push([name, value, from]);
  terminal.print(`${formatTable(table)}\n`);
  await noteAbsentData([one], terminal);
}

function showCandidates(candidates: readonly Candidate[], terminal: Terminal): void {
  for (const { what, state, why } of candidates) {
    terminal.print(state === 'taken' ? `Taken: ${what}: ${why}` : `Not taken: ${what}: ${why}`);
  }
}

function tableOf(part: RecipePart): string {
  const table = bareTable({ head: [`[${part.site.part}]`, 'Value', 'From'] });
  for (const { name, value, from } of part.settled) table.push([name, value, from]);
  table.push(['scripts', scriptsOf(part).join('\n'), '']);
  return `${formatTable(table)}\n`;
}

function asJson(part: RecipePart): object {
  const { site, settled, warnings } = part;
  return { part: site.part, settings: settled, scripts: scriptsOf(part), warnings };
}

function scriptsOf({ site, scripts }: RecipePart): readonly string[] {
  return scripts.map((name) => scriptFileName(site.part, name));
}
