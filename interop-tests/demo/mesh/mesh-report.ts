/** What the scene says as data: all of it was observed. */
import type { Did } from '@hansa/protocols'

export type MeshReport = {
  ok: boolean
  nodes: { did: Did; pid: number }[]
  /** No registry runs, and no node is told of one. */
  registryUsed: boolean
  /** Milliseconds from the last `join` until every kernel knew of every other one. */
  convergedMs: number | null
  /** Calls between kernels that were made, of what was found. */
  callsAcross: number
  killed: Did[]
  /** Calls of a node at itself that failed, of all that were made. */
  localFailures: number
  localCalls: number
  /** Calls between nodes that live that failed, of all that were made while others were killed. */
  survivorFailures: number
  survivorCalls: number
  /** Milliseconds from the start of `join` on a node that had nothing until its first permitted call elsewhere. */
  lateJoinMs: number | null
}

export function emptyMeshReport(): MeshReport {
  return {
    ok: false,
    nodes: [],
    registryUsed: false,
    convergedMs: null,
    callsAcross: 0,
    killed: [],
    localFailures: 0,
    localCalls: 0,
    survivorFailures: 0,
    survivorCalls: 0,
    lateJoinMs: null,
  }
}
