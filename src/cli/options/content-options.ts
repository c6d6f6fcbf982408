import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import type { BackupKind } from '../../config/model/site.ts';
import type { ContentPlace } from '../../operations/content/content-place.ts';
import { Failure } from '../../system/failure.ts';
import { shownOn } from '../render/events.ts';
import { findSites, SOURCE_KIND_OPTION } from '../select/site-options.ts';
import type { SiteSelection } from '../select/site-selection.ts';
import type { CommandContext } from '../terminal/run-command.ts';
import { CHAIN_OPTION, readTarget } from './written-date.ts';

/** The storage in which objects are looked for. */
const CONTENT_STORAGE_OPTION = new Option(
  '--storage <name>',
  'the storage to look into (default: the main one)',
);

export const LIVE_OPTION = new Option('--live', 'look into the live Data.fs, and not into backups');

/** Adds the options that say in which state objects are looked for. */
export function withStateOptions<Words extends unknown[], Said extends OptionValues>(
  command: Command<Words, Said>,
) {
  return command
    .addOption(LIVE_OPTION)
    .addOption(CHAIN_OPTION)
    .addOption(SOURCE_KIND_OPTION)
    .addOption(CONTENT_STORAGE_OPTION);
}

/** What the options of a command say of where objects are. */
export type ContentSelection = SiteSelection & {
  readonly kind: BackupKind;
  readonly storage?: string | undefined;
  readonly live?: true | undefined;
  readonly chain?: string | undefined;
  readonly exact?: true | undefined;
};

/** Words of a command that end with a path, which alone begins with a slash: `[moment] [path]`. */
export function splitMomentAndPath(
  first: string | undefined,
  second: string | undefined,
): { readonly moment: string | undefined; readonly path: string | undefined } {
  if (second !== undefined) return { moment: first, path: second };
  return first?.startsWith('/')
    ? { moment: undefined, path: first }
    : { moment: first, path: undefined };
}

/** Failure `usage` where several sites are meant, or a word and --live say different moments. */
export async function findContentPlace(
  selection: ContentSelection,
  {
    moment,
    running: { terminal, signal, backups },
    looks,
  }: {
    readonly moment: string | undefined;
    readonly running: CommandContext;
    /** Whether the command says what looks have found out. */
    readonly looks?: boolean;
  },
): Promise<ContentPlace> {
  const word = moment === 'latest' ? undefined : moment;
  const { chain, exact } = selection;
  const said = word ?? chain ?? (exact && '--exact');
  if (selection.live && said !== undefined) {
    throw new Failure('usage', `Cannot look at "${said}" with --live`, {
      hint: 'Leave out one of them: --live is the Data.fs as it is now.',
    });
  }
  if (selection.live && selection.from !== undefined) throw liveOfCopy();
  const target = selection.live ? undefined : readTarget(moment, { terminal, chain, exact });
  // Of a site that is only looked at, live blobs count if there are backups of some.
  const purpose = selection.live ? 'backup' : 'look';
  const wanted = target && ({ kind: selection.kind, target, chain: 'whole', looks } as const);
  const sites = await findSites(selection, { terminal, purpose, backups, wanted });
  const [site, other] = sites;
  if (site === undefined || other !== undefined) {
    throw new Failure('usage', 'Cannot tell which site is meant: there are several', {
      hint: `Choose one with --part: ${sites.map(({ part }) => part).join(', ')}.`,
    });
  }
  return {
    site,
    storage: selection.storage,
    moment:
      target === undefined
        ? { kind: 'live' }
        : { kind: 'target', target, backupKind: selection.kind },
    context: { ...shownOn(terminal), signal, backups },
  };
}

function liveOfCopy(): Failure {
  return new Failure('usage', 'Cannot look at the live Data.fs in a copy', {
    hint: 'Leave out --live or --from.',
  });
}

/** Failure of a command that needs a path where the live Data.fs is meant. */
export function liveWithoutPath(verb: 'show' | 'compare'): Failure {
  return new Failure('usage', `Cannot ${verb} all of the live Data.fs: --live needs a path`, {
    hint: 'Name an object behind it, as /Plone/news.',
  });
}
