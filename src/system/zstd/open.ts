import { Failure } from '../failure.ts';
import type { FrameMaker, FrameReader } from './frame-maker.ts';
import { libraryMaker, libraryReader } from './library-zstd.ts';
import { nodeMaker, nodeReader } from './node-zstd.ts';
import { programMaker, programReader } from './program-zstd.ts';

/**
 * The fastest that is there: Node's own zstd, the library in processes of its own, or the program. Failure `program` where
 * there is none.
 */
export async function openFrameMaker(): Promise<FrameMaker> {
  return nodeMaker() ?? (await libraryMaker()) ?? (await programMaker()) ?? noZstd('compress');
}

/** The same for reading. */
export async function openFrameReader(): Promise<FrameReader> {
  return nodeReader() ?? (await libraryReader()) ?? (await programReader()) ?? noZstd('decompress');
}

function noZstd(doing: string): never {
  throw new Failure('program', `Cannot ${doing} by zstd: this machine does not have it`, {
    hint: 'Install it (Debian: zstd), or run zodbvault with Node 22.15 or later.',
  });
}
