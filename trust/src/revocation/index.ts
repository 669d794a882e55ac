export {
  didOfKey,
  keptRevocation,
  makeRevocation,
  type ReadRevocation,
  type RevocationDraft,
  type RevocationReading,
  readRevocation,
} from './read-revocation.ts'
export { type ReadStatusInit, readRevocationStatus, type StatusReading } from './read-status.ts'
export { MAX_REVOCATIONS_OF_PEER, RevocationBook, type TakeVerdict } from './revocation-book.ts'
export { unrevokedKeys } from './unrevoked-keys.ts'
