/* Where a process begins that calls zstd's library, to make frames or to read them: see `system/zstd/library-zstd`. */
import koffi from 'koffi';
import { serveLibrary } from './system/foreign/serve.ts';
import { ZstdCompressor, ZstdDecompressor } from './system/zstd/library.ts';

serveLibrary(process.argv[2] === 'read' ? new ZstdDecompressor(koffi) : new ZstdCompressor(koffi));
