import type { LiveData } from '../model/live-data.ts';
import type { OptionSource } from '../model/option-source.ts';
import { type ResolvedOption, WrittenOptions } from '../resolve/option-reader.ts';
import type { PathEnvironment } from '../resolve/paths.ts';
import { Problems } from '../resolve/problems.ts';
import { beginResolution, type SiteDefaults } from '../resolve/resolution.ts';
import { type ResolvedSite, resolveSite } from '../resolve/resolve-site.ts';
import { tomlOption } from '../toml/toml-options.ts';

/** Nothing needs a buildout or another program, and nothing is removed that nobody asked to remove. */
const PLAIN_DEFAULTS: SiteDefaults = {
  locations: 'directory',
  blobs: 'as-found',
  keep: 0,
  keepBlobDays: 0,
  blobCopier: 'own',
};

/** A site as it was written. */
export interface WrittenSite {
  /** Name of the site. */
  readonly part: string;
  /** What can't be used if there are problems: `"/srv/zodbvault.toml"`. */
  readonly subject: string;
  readonly options: OptionSource;
  readonly live: LiveData;
  readonly pathEnvironment: PathEnvironment;
}

/** Resolves a site that no buildout describes. Failure `usage` with all its problems. */
export function resolveConfigured(
  written: WrittenSite,
  file: { readonly config?: string } = {},
): ResolvedSite {
  const problems = new Problems(written.subject);
  const resolution = beginResolution({
    ...written,
    defaults: PLAIN_DEFAULTS,
    options: new WrittenOptions(written.options, problems),
    problems,
    warnings: [...written.live.elsewhere],
  });
  const { site } = resolveSite(resolution, file);
  problems.throwIfAny();
  return {
    site,
    resolved: known(resolution.options),
    warnings: resolution.warnings,
    relativePaths: written.live.relativePaths,
  };
}

/** What a buildout alone can say is not shown. */
function known(options: WrittenOptions): readonly ResolvedOption[] {
  return options.resolved.filter(({ name }) => tomlOption(name) !== undefined);
}
