import { Failure } from '../../system/failure.ts';
import { findProgram, throughProgram } from '../../system/processes/programs.ts';
import { compressToMembers } from '../../system/streams/gzip/compress.ts';
import type { Stage } from '../../system/streams/pipeline.ts';

/** How data files are compressed. */
export type Compression =
  | { readonly kind: 'none' }
  /** By ourselves, as members of 1 MiB. */
  | { readonly kind: 'members'; readonly level: number }
  /** By another program, as one stream. */
  | { readonly kind: 'program'; readonly path: string; readonly arguments: readonly string[] };

/** Who may compress: `auto` takes what is there. */
export type Compressor = 'auto' | 'node' | 'igzip' | 'pigz';

/** What somebody asked for. */
export type CompressionOptions =
  | { readonly kind: 'none' }
  /** `level`: 1 (fast) to 9 (small); undefined for the compressor's own choice. */
  | { readonly kind: 'gzip'; readonly compressor: Compressor; readonly level: number | undefined };

/** zlib's own default: beyond it, text of a Data.fs hardly gets smaller. */
const DEFAULT_LEVEL = 6;
/** igzip's levels end at 3, which gives the size of zlib's 6. */
const IGZIP_LEVEL = 3;

/** Smaller files aren't worth a process of their own. */
const WORTH_A_PROGRAM_BYTES = 16 << 20;

/**
 * Decides how `sizeBytes` will be compressed. `auto` prefers igzip, which is several times as fast,
 * then pigz, then ourselves; a level that igzip doesn't have leaves it out. Failure `program` where
 * a program was named that isn't there.
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
      return igzip ?? (await findCompressor('pigz', options.level)) ?? members;
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
    case 'program':
      return throughProgram(compression);
    default:
      return compression satisfies never;
  }
}

async function findCompressor(
  name: 'igzip' | 'pigz',
  level: number | undefined,
): Promise<Compression | undefined> {
  const path = await findProgram(name);
  if (path === undefined) return undefined;
  const argv =
    name === 'igzip'
      ? [`-${Math.min(level ?? IGZIP_LEVEL, IGZIP_LEVEL)}`, '-c', '-']
      : [`-${level ?? DEFAULT_LEVEL}`, '-c'];
  return { kind: 'program', path, arguments: argv };
}

function notInstalled(name: string): Failure {
  return new Failure('program', `Cannot compress: the program "${name}" is not on the PATH`, {
    hint: { kind: 'install-compressor', package: name === 'igzip' ? 'isal' : 'pigz' },
  });
}
