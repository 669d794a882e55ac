import { randomBytes } from 'node:crypto'

/** 128 random bits in base64url, 22 characters: ids of calls, sessions, denials, approvals and tokens. */
export function randomId(): string {
  return randomBytes(16).toString('base64url')
}

/** 32 random bytes for `commitTo`; one per commitment, because erasing it must not reveal another. */
export function newSalt(): Uint8Array {
  return new Uint8Array(randomBytes(32))
}
