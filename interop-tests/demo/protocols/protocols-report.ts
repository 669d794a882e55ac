/** What the scene says as data: all of it was observed. */
export type ProtocolsReport = {
  ok: boolean
  a2a: {
    /** Each state that the client saw, in order; the last one is `taskState`. */
    states: string[]
    taskState: string | null
    /** Kernels that the call passed. */
    hops: number
    /** Hashes of the signed receipts of the kernel that served it, as the client was told. */
    receipts: string[]
  }
  mcp: {
    /** What the tool answered. */
    result: string | null
    hops: number
    receipts: string[]
  }
  /** What was refused, and with which code of the closed list. */
  refused: { protocol: 'a2a' | 'mcp'; code: string }[]
}

export function emptyProtocolsReport(): ProtocolsReport {
  return {
    ok: false,
    a2a: { states: [], taskState: null, hops: 0, receipts: [] },
    mcp: { result: null, hops: 0, receipts: [] },
    refused: [],
  }
}
