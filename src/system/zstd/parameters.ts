/** zstd's own default: a Data.fs gets smaller than by gzip at level 6, ten times as fast. */
export const ZSTD_LEVEL = 3;

/** zstd.h, ZSTD_cParameter: the numbers are a part of its interface. */
export const COMPRESSION_LEVEL = 100;
export const CHECKSUM_FLAG = 201;
