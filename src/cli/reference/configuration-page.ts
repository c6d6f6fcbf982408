import { COPY_OPTIONS } from '../../config/resolve/copy-options.ts';
import { RECIPE_DEFAULTS } from '../../config/resolve/resolution.ts';
import { ONLY_IN_BUILDOUT, tomlOptions } from '../../config/toml/toml-options.ts';
import { markdownTable } from './markdown-table.ts';

/** Defaults that a buildout has of its own: those of the recipe. */
const IN_BUILDOUT: Readonly<Record<string, string>> = {
  backup_blobs: 'true',
  keep: String(RECIPE_DEFAULTS.keep),
  keep_blob_days: String(RECIPE_DEFAULTS.keepBlobDays),
  use_rsync: String(RECIPE_DEFAULTS.blobCopier === 'rsync'),
};

/** docs/reference/configuration.md with its tables as the code has them; all else stays. */
export function fillConfigurationPage(page: string): string {
  return [
    { name: 'options', table: optionTable() },
    { name: 'copies', table: copyTable() },
    { name: 'buildout', table: buildoutTable() },
  ].reduce((text, { name, table }) => fill(text, name, table), page);
}

function fill(page: string, name: string, table: string): string {
  const place = new RegExp(`(<!-- ${name}: .*? -->\n)[^]*?(\n?<!-- end -->)`);
  return page.replace(place, (_, begin: string) => `${begin}\n${table}\n\n<!-- end -->`);
}

function optionTable(): string {
  return markdownTable(
    ['Option', 'Meaning', 'Default', 'In a buildout'],
    tomlOptions().map(({ name, says, byDefault }) => [
      `\`${name}\``,
      says,
      byDefault,
      IN_BUILDOUT[name] ?? '',
    ]),
  );
}

function copyTable(): string {
  return markdownTable(
    ['Option', 'Meaning', 'Default'],
    Object.entries(COPY_OPTIONS).map(([name, { says, byDefault }]) => [
      `\`${name}\``,
      says,
      byDefault,
    ]),
  );
}

function buildoutTable(): string {
  return markdownTable(
    ['Option', 'Without a buildout'],
    Object.entries(ONLY_IN_BUILDOUT).map(([name, instead]) => [`\`${name}\``, instead]),
  );
}
