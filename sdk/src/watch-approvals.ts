import { type ApprovalEvent, controlPaths, watchLineSchema } from '@hansa/protocols'
import type { ControlClient } from './control-client.ts'

/**
 * Reads what becomes of approvals until the signal, the client or the node ends it.
 * @throws CallError `policy_denied` to an agent; ConnectError, also when the connection is lost
 */
export async function* watchApprovals(client: ControlClient, signal?: AbortSignal): AsyncGenerator<ApprovalEvent> {
  const left = new AbortController()
  const end = AbortSignal.any([left.signal, client.closed, ...(signal === undefined ? [] : [signal])])
  if (end.aborted) return
  try {
    for await (const line of await client.lines(controlPaths.watchApprovals, {}, end)) {
      // Lines of a kind that this version does not know are passed over.
      const { data } = watchLineSchema.safeParse(line)
      if (data !== undefined && data.type !== 'ping') yield data
    }
  } catch (error) {
    if (!end.aborted) throw error
  } finally {
    left.abort()
  }
}
