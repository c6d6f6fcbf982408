import type { LiveData } from '../model/live-data.ts';
import type { OptionSource } from '../model/option-source.ts';
import { type SettledOption, WrittenOptions } from '../resolve/option-reader.ts';
import type { PathSurroundings } from '../resolve/paths.ts';
import { Problems } from '../resolve/problems.ts';
import { beginSettling, type Conventions } from '../resolve/resolution.ts';
import { type SettledSite, settleSite } from '../resolve/resolve-site.ts';
import { tomlOption } from '../toml/toml-options.ts';

/** Nothing needs a buildout or another program, and nothing is removed that nobody asked to remove. */
const CONVENTIONS: Conventions = {
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
  readonly surroundings: PathSurroundings;
}

/** Settles a site that no buildout describes. Failure `usage` with all its problems. */
export function settleConfigured(
  written: WrittenSite,
  file: { readonly config?: string } = {},
): SettledSite {
  const problems = new Problems(written.subject);
  const settling = beginSettling({
    ...written,
    conventions: CONVENTIONS,
    options: new WrittenOptions(written.options, problems),
    problems,
    warnings: [...written.live.elsewhere],
  });
  const { site } = settleSite(settling, file);
  problems.throwIfAny();
  const { relativePaths } = written.live;
  return {
    site,
    settled: known(settling.options),
    warnings: settling.warnings,
    ...(relativePaths === undefined ? {} : { relativePaths }),
  };
}

/** What a buildout alone can say is not shown. */
function known(options: WrittenOptions): readonly SettledOption[] {
  return options.settled.filter(({ name }) => tomlOption(name) !== undefined);
}
