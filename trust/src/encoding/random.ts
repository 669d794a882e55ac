/** Random ids and salts. Bytes are drawn some thousand at a time: one draw per call would cost more than the hash of it. */
import { randomFillSync } from 'node:crypto'

const POOL_BYTES = 4096
let pool = new Uint8Array(0)
let used = 0

/** @returns fresh bytes that nobody else gets and that the pool keeps no copy of. */
function draw(count: number): Uint8Array {
  if (used + count > pool.length) {
    pool = randomFillSync(new Uint8Array(POOL_BYTES))
    used = 0
  }
  const bytes = pool.slice(used, used + count)
  pool.fill(0, used, used + count)
  used += count
  return bytes
}

/**
 * 128 random bits in base64url, 22 characters: ids of calls, sessions, denials, approvals and tokens. None begins with a
 * hyphen, which a command line would take for an option.
 */
export function randomId(): string {
  for (;;) {
    const id = Buffer.from(draw(16).buffer).toString('base64url')
    if (!id.startsWith('-')) return id
  }
}

/** 32 random bytes for `commitTo`; one per commitment, because erasing it must not reveal another. */
export function newSalt(): Uint8Array {
  return draw(32)
}
