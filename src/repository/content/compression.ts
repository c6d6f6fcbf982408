import { Failure } from '../../system/failure.ts';
import type { IsalLevel } from '../../system/isal/library.ts';
import { canCallIsal, isalProgram } from '../../system/isal/pool.ts';
import { findProgram, throughProgram } from '../../system/processes/programs.ts';
import { compressByIsal, compressToMembers } from '../../system/streams/gzip/compress.ts';
import type { Stage } from '../../system/streams/pipeline.ts';

/** How data files are compressed. */
export type Compression =
  | { readonly kind: 'none' }
  /** By ourselves, as members of 1 MiB. */
  | { readonly kind: 'members'; readonly level: number }
  /** By ISA-L, as members of 1 MiB; by `otherwise` where it can't be called. */
  | { readonly kind: 'isal'; readonly level: IsalLevel; readonly otherwise: Compression }
  /** By another program, as one stream. */
  | { readonly kind: 'program'; readonly path: string; readonly arguments: readonly string[] };

/** Who may compress: `auto` takes what is there. */
export type Compressor = 'auto' | 'node' | 'isal' | 'igzip' | 'pigz';

/** What somebody asked for. */
export type CompressionOptions =
  | { readonly kind: 'none' }
  /** `level`: 1 (fast) to 9 (small); undefined for the compressor's own choice. */
  | { readonly kind: 'gzip'; readonly compressor: Compressor; readonly level: number | undefined };

/** zlib's own default: beyond it, text of a Data.fs hardly gets smaller. */
const DEFAULT_LEVEL = 6;
/** The levels of ISA-L, and of its igzip, end with this one, which gives about the size of zlib's 6. */
const ISAL_LEVEL = 3;

/** Smaller files aren't worth a process of their own. */
const WORTH_A_PROGRAM_BYTES = 16 << 20;

/**
 * Decides how `sizeBytes` will be compressed. `auto` prefers ISA-L, which is several times as fast, then its igzip, then
 * pigz, then zlib; a level leaves the first two out. Failure `program` where something was named that isn't there.
 */
export async function resolveCompression(
  options: CompressionOptions,
  sizeBytes: number,
): Promise<Compression> {
  if (options.kind === 'none') return { kind: 'none' };
  const members: Compression = { kind: 'members', level: options.level ?? DEFAULT_LEVEL };
  switch (options.compressor) {
    case 'node':
      return members;
    case 'isal': {
      const isal = byIsal({ level: options.level, otherwise: members });
      const program = isalProgram(isal.level);
      if (program === undefined) throw noneCallsIsal();
      if (!(await canCallIsal({ program }))) throw notInstalled('isal');
      return isal;
    }
    case 'igzip':
    case 'pigz': {
      const found = await findCompressor(options.compressor, options.level);
      if (found === undefined) throw notInstalled(options.compressor);
      return found;
    }
    case 'auto': {
      if (sizeBytes < WORTH_A_PROGRAM_BYTES) return members;
      const igzip =
        options.level === undefined ? await findCompressor('igzip', undefined) : undefined;
      const otherwise = igzip ?? (await findCompressor('pigz', options.level)) ?? members;
      return options.level === undefined ? byIsal({ level: undefined, otherwise }) : otherwise;
    }
    default:
      return options.compressor satisfies never;
  }
}

/** The step that compresses. */
export function compressStage(compression: Compression): Stage {
  switch (compression.kind) {
    case 'none':
      return (source) => source;
    case 'members':
      return compressToMembers(compression.level);
    case 'isal':
      return compressByIsal({
        program: isalProgram(compression.level),
        otherwise: compressStage(compression.otherwise),
      });
    case 'program':
      return throughProgram(compression);
    default:
      return compression satisfies never;
  }
}

function byIsal({
  level,
  otherwise,
}: {
  readonly level: number | undefined;
  readonly otherwise: Compression;
}): Extract<Compression, { kind: 'isal' }> {
  const known: IsalLevel = level === 1 || level === 2 ? level : ISAL_LEVEL;
  return { kind: 'isal', level: known, otherwise };
}

async function findCompressor(
  name: 'igzip' | 'pigz',
  level: number | undefined,
): Promise<Compression | undefined> {
  const path = await findProgram(name);
  if (path === undefined) return undefined;
  const argv =
    name === 'igzip'
      ? [`-${Math.min(level ?? ISAL_LEVEL, ISAL_LEVEL)}`, '-c', '-']
      : [`-${level ?? DEFAULT_LEVEL}`, '-c'];
  return { kind: 'program', path, arguments: argv };
}

/** Whatever is installed. */
function noneCallsIsal(): Failure {
  return new Failure('program', 'Cannot compress: this zodbvault cannot call the library ISA-L', {
    hint: { kind: 'another-compressor' },
  });
}

/** The Debian package of each. */
const PACKAGES = { isal: 'libisal2', igzip: 'isal', pigz: 'pigz' } as const;

function notInstalled(name: keyof typeof PACKAGES): Failure {
  const state =
    name === 'isal'
      ? 'the library ISA-L cannot be called'
      : `the program "${name}" is not on the PATH`;
  return new Failure('program', `Cannot compress: ${state}`, {
    hint: { kind: 'install-compressor', package: PACKAGES[name] },
  });
}
