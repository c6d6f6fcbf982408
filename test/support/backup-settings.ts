/** How the tests back up, unless it matters. */
export const BY_NODE = {
  kind: 'backup',
  compressor: 'node',
  level: undefined,
  random: Math.random,
} as const;
