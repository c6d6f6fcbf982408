/** An object id: 8 bytes, big-endian. A type of its own, so that it never mixes with an offset. */
export type Oid = bigint & { readonly __type: 'Oid' };

/** The oid of the database's root object. */
export const ROOT_OID = 0n as Oid;

/** The oid with this number, modulo 2^64. */
export function oidFrom(value: number | bigint): Oid {
  return BigInt.asUintN(64, BigInt(value)) as Oid;
}

/** The oid of which `high` is the first 6 bytes, `low` the last 2: its parts in tables and indexes. */
export function oidFromParts(high: number, low: number): Oid {
  return ((BigInt(high) << 16n) | BigInt(low)) as Oid;
}

/** 16 hex digits. */
export function formatOid(oid: Oid): string {
  return oid.toString(16).padStart(16, '0');
}
