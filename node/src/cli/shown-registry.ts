/** Adapter: what a registry shows of its log and of this node, asked directly. Nothing is remembered of it. */
import { guardedFetch, judgeRegistryHead, registryClient } from '@hansa/mesh'
import type { Did, Liveness } from '@hansa/protocols'

export type ShownRegistry = {
  url: string
  /** Absent when it shows none that verifies. */
  log?: { origin: string; entries: number; root: string; vkey: string }
  /** Of this node; absent when it does not run, and when the registry does not say. */
  listing?: { state: Liveness | 'unknown'; seq?: number; entry?: number }
  /** One sentence each. */
  faults: string[]
}

/** @param did this node, if it runs. */
export async function shownRegistry(url: string, did: Did | undefined): Promise<ShownRegistry> {
  // The operator has named it, so it may be anywhere.
  const client = registryClient({ fetch: guardedFetch({ allowPrivate: true }), baseUrl: url })
  const [head, status] = await Promise.all([client.checkpoint(), did === undefined ? undefined : client.status(did)])
  const shown: ShownRegistry = { url, faults: [] }
  const verdict = head.ok ? judgeRegistryHead(undefined, head.value) : undefined
  if (!head.ok) shown.faults.push(`it shows no log: ${head.reason}`)
  if (verdict?.ok === false) shown.faults.push(verdict.reason)
  if (verdict?.ok === true) {
    const { origin, size, root } = verdict.head.checkpoint
    shown.log = { origin, entries: size, root, vkey: verdict.head.vkey }
  }
  if (status?.ok === true) {
    const { state, seq, index } = status.value
    shown.listing = { state, seq, ...(index === undefined ? {} : { entry: index }) }
  } else if (status?.code === 'not_found') shown.listing = { state: 'unknown' }
  else if (status !== undefined) shown.faults.push(`it does not say how it lists this node: ${status.reason}`)
  return shown
}
