/** What is measured of the ledger in one process; one file for each kind of row. */
import type { Operation } from '../micro/operation.ts'
import { durableAppend } from './durable-append.ts'
import { entryHashes, logVerify, logVerifyChained, logVerifyForm, logVerifySignatures } from './log-verify.ts'
import { proofBuild } from './proof-build.ts'
import { rawGroupCommit } from './raw-group-commit.ts'

/** In flight at which the durable append is compared with its floor. */
export const APPEND_WRITERS = 128

export const rawFloor: Operation = rawGroupCommit(APPEND_WRITERS)
export const loadedAppend: Operation = durableAppend(APPEND_WRITERS)

export const ledgerOperations: readonly Operation[] = [
  durableAppend(1),
  durableAppend(32),
  rawFloor,
  loadedAppend,
  logVerify,
  logVerifyChained,
  entryHashes,
  logVerifyForm,
  logVerifySignatures,
  proofBuild,
]
