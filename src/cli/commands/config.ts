import type { Command } from '@commander-js/extra-typings';
import type { RecipePart } from '../../sites/recipe/recipe-part.ts';
import { scriptFileName } from '../../sites/recipe/script-names.ts';
import { CONFIG_OPTION, loadBuildout, readParts } from '../buildout.ts';
import { OPTION, splitOverrides } from '../options.ts';
import { bareTable, formatTable } from '../render/table.ts';
import { runCommand } from '../run.ts';

export function addConfigCommand(program: Command): void {
  program
    .command('config')
    .description('show the settings of a buildout’s backup parts, and where each came from')
    .argument('[words...]', 'parts (default: all), and SECTION:OPTION=VALUE to set an option')
    .addOption(CONFIG_OPTION)
    .addOption(OPTION.json)
    .addOption(OPTION.quiet)
    .addOption(OPTION.verbose)
    .action((words, options) =>
      runCommand(options, async ({ terminal }) => {
        const { names, overrides } = splitOverrides(words);
        const buildout = await loadBuildout({ config: options.config, overrides }, terminal);
        const { parts } = readParts(buildout, { names, terminal });
        if (parts.length === 0) {
          terminal.warn(`no part in "${buildout.path}" has "recipe = collective.recipe.backup"`);
        }
        for (const part of parts) {
          terminal.printJson(asJson(part));
          terminal.print(tableOf(part));
        }
        return undefined;
      }),
    );
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
