import { findSearchPath, requireScripts } from '../jobs/scheduled-programs.ts';
import {
  planJobs,
  type ScheduledJob,
  type ScheduledSite,
  type TimeOfDay,
} from '../sites/schedule/scheduled-job.ts';
import { Failure } from '../system/failure.ts';
import { findAnySites, namesPlaces } from './found-sites.ts';
import { ownProgram } from './own-program.ts';
import type { SiteWish } from './sites.ts';
import type { Terminal } from './terminal.ts';

/** What the options say beside the site. */
export interface JobWish extends SiteWish {
  readonly at: TimeOfDay;
  readonly verify: boolean;
  readonly snapshot?: true | undefined;
  readonly zip?: true | undefined;
  readonly keep?: number | undefined;
}

/** What is to be scheduled. */
export interface FoundJobs {
  readonly jobs: readonly ScheduledJob[];
  /** Whether the folder has no other sites: `some` also where nobody can tell. */
  readonly extent: 'all' | 'some';
}

/** The jobs of the sites that are meant. Failures `usage`, and those of {@link requireScripts}. */
export async function findJobs(wish: JobWish, terminal: Terminal): Promise<FoundJobs> {
  const common = {
    at: wish.at,
    weekly: [
      ...(wish.snapshot ? (['snapshot'] as const) : []),
      ...(wish.zip ? (['zip'] as const) : []),
      ...(wish.verify ? (['verify'] as const) : []),
    ],
    program: ownProgram(terminal, { caller: 'these jobs' }),
    searchPath: await findSearchPath(),
  };
  const { sites, extent } = await scheduledSites(wish, terminal);
  const jobs = sites.map((site) => planJobs(site, common));
  const scripts = jobs.flat().filter(({ words }) => words[0] !== common.program[0]);
  await requireScripts(scripts.map(({ words: [path = ''] }) => path));
  return { jobs: jobs.flat(), extent };
}

async function scheduledSites(
  wish: JobWish,
  terminal: Terminal,
): Promise<{ readonly sites: readonly ScheduledSite[]; readonly extent: 'all' | 'some' }> {
  const { found } = await findAnySites(wish, { terminal, purpose: 'backup' });
  switch (found.kind) {
    case 'buildout': {
      refuseWhatPartsSay(wish);
      const kind = 'buildout-part';
      const sites = found.parts.map(
        ({ site, bin, scripts }) => ({ kind, site, bin, scripts }) as const,
      );
      return { sites, extent: found.extent };
    }
    case 'configured': {
      const { path: config, extent } = found;
      const sites = found.sites.map(({ site }) => {
        const names = config.endsWith('.toml') ? ['--part', site.part] : [];
        const words = ['--config', config, ...names, ...(wish.blobs ? [] : ['--no-blobs'])];
        return { kind: 'configured', site, words, backupWords: keepWords(wish) } as const;
      });
      return { sites, extent };
    }
    case 'plain': {
      const blobs = wish.blobs ? 'as-found' : 'left-out';
      const { site } = found.site;
      const plain = { kind: 'plain', site, blobs, backupWords: keepWords(wish) } as const;
      return { sites: [plain], extent: namesPlaces(wish) ? 'some' : 'all' };
    }
    default:
      return found satisfies never;
  }
}

function keepWords({ keep }: JobWish): readonly string[] {
  return keep === undefined ? [] : ['--keep', String(keep)];
}

function refuseWhatPartsSay({ keep, blobs }: JobWish): void {
  const said = [...(keep === undefined ? [] : ['--keep']), ...(blobs ? [] : ['--no-blobs'])];
  if (said.length === 0) return;
  throw new Failure('usage', `Cannot use ${said.join(' and ')} in a buildout: the part says it`, {
    hint: 'Set keep or backup_blobs in the part, and run "zodbvault install".',
  });
}
