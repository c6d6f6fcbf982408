/** What ssh2 uses where it is: Node's own ciphers do the same. Left out of bundles, so that it isn't found. */
export const NATIVE_OF_SSH2 = ['cpu-features', '*/sshcrypto.node'] as const;
