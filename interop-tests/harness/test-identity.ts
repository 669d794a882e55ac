/** Identities with a log for kernels of a `TestMesh`, known before any of them runs: operators tell each other. */
import { firstIdentity, type IdentityFiles, memoryIdentityFiles } from '@hansa/node'
import type { Did } from '@hansa/protocols'
import { sha256, signerFromSeed } from '@hansa/trust'

export type TestIdentity = { did: Did; files: IdentityFiles }

/** An hour before a mesh begins, Unix milliseconds. */
const MADE_MS = 1_800_000_000_000 - 3_600_000

/** @param index of the kernel in the mesh, which is where it is reached */
export function testIdentity(name: string, index: number): TestIdentity {
  const key = (purpose: string) => signerFromSeed(sha256(`identity of ${name}: ${purpose}`))
  const [signing, first, update] = [key('signing'), key('first'), key('update')]
  const place = { host: 'localhost', port: 7400 + index, path: [] }
  const { did, log } = firstIdentity({ place, signing, first, update, nowMs: MADE_MS })
  return { did, files: memoryIdentityFiles({ log, signing, update }) }
}
