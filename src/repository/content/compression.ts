import { Failure } from '../../system/failure.ts';
import type { LibraryPool } from '../../system/foreign/pool.ts';
import { isalProgram, startIsalPool } from '../../system/isal/isal-pool.ts';
import type { IsalLevel } from '../../system/isal/library.ts';
import { findProgram, type Program, throughProgram } from '../../system/processes/programs.ts';
import { compressByIsal, compressToMembers } from '../../system/streams/gzip/compress.ts';
import type { Stage } from '../../system/streams/pipeline.ts';

/** How data files are compressed. */
export type Compression =
  | { readonly kind: 'none' }
  /** By ourselves, as members of 1 MiB. */
  | { readonly kind: 'members'; readonly level: number }
  /** By ISA-L, as members of 1 MiB. Its processes run, and must be ended. */
  | { readonly kind: 'isal'; readonly pool: LibraryPool }
  /** By another program, as one stream. */
  | ({ readonly kind: 'program'; readonly compressor: 'igzip' | 'pigz' } & Program);

/** Who may compress: `auto` takes what is there. */
export type Compressor = 'auto' | UsedCompressor;

/** Who has compressed; `node` is zlib. */
export type UsedCompressor = 'node' | 'isal' | 'igzip' | 'pigz';

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
  const { compressor, level } = options;
  switch (compressor) {
    case 'node':
      return members;
    case 'isal': {
      const program = isalProgram(isalLevel(level));
      if (program === undefined) throw noneCallsIsal();
      return (await startIsal(program)) ?? notInstalled(compressor);
    }
    case 'igzip':
    case 'pigz':
      return (await findCompressor(compressor, level)) ?? notInstalled(compressor);
    case 'auto': {
      if (sizeBytes < WORTH_A_PROGRAM_BYTES) return members;
      const fast =
        level === undefined
          ? ((await startIsal(isalProgram(ISAL_LEVEL))) ?? (await findCompressor('igzip', level)))
          : undefined;
      return fast ?? (await findCompressor('pigz', level)) ?? members;
    }
    default:
      return compressor satisfies never;
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
      return compressByIsal(compression.pool);
    case 'program':
      return throughProgram(compression);
    default:
      return compression satisfies never;
  }
}

/** Who compresses so; undefined: nobody. */
export function compressorOf(compression: Compression): UsedCompressor | undefined {
  switch (compression.kind) {
    case 'none':
      return undefined;
    case 'members':
      return 'node';
    case 'isal':
      return 'isal';
    case 'program':
      return compression.compressor;
    default:
      return compression satisfies never;
  }
}

function isalLevel(level: number | undefined): IsalLevel {
  return level === 1 || level === 2 ? level : ISAL_LEVEL;
}

async function startIsal(program: Program | undefined): Promise<Compression | undefined> {
  const pool = program && (await startIsalPool(program));
  return pool && { kind: 'isal', pool };
}

async function findCompressor(
  compressor: 'igzip' | 'pigz',
  level: number | undefined,
): Promise<Compression | undefined> {
  const path = await findProgram(compressor);
  if (path === undefined) return undefined;
  const argv =
    compressor === 'igzip'
      ? [`-${Math.min(level ?? ISAL_LEVEL, ISAL_LEVEL)}`, '-c', '-']
      : [`-${level ?? DEFAULT_LEVEL}`, '-c'];
  return { kind: 'program', compressor, path, arguments: argv };
}

/** Whatever is installed. */
function noneCallsIsal(): Failure {
  return new Failure('program', 'Cannot compress: this zodbvault cannot call the library ISA-L', {
    hint: { kind: 'another-compressor' },
  });
}

/** The Debian package of each. */
const PACKAGES = { isal: 'libisal2', igzip: 'isal', pigz: 'pigz' } as const;

function notInstalled(name: keyof typeof PACKAGES): never {
  const state =
    name === 'isal'
      ? 'the library ISA-L cannot be called'
      : `the program "${name}" is not on the PATH`;
  throw new Failure('program', `Cannot compress: ${state}`, {
    hint: { kind: 'install-compressor', package: PACKAGES[name] },
  });
}
