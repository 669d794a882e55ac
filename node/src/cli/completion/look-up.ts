/** Adapter: names that the node of a home knows, for completion. Whoever presses a key is not told of faults. */
import { resolve } from 'node:path'
import { systemClock } from '../../system-clock.ts'
import { type ControlClient, controlClient } from '../control-client.ts'
import type { LookUp, Named } from './candidates.ts'

/** Milliseconds that a person waits for a list without wondering. */
const PATIENCE_MS = 1_500

const asks: Readonly<Record<Named, (client: ControlClient) => Promise<string[]>>> = {
  capability: async (client) => (await client.call('capabilities', {})).map(({ ref }) => ref),
  alias: async (client) => {
    const [known, imported] = [await client.call('knownPeers', {}), await client.call('peers', {})]
    return [...new Set([...known, ...imported].flatMap(({ alias }) => alias ?? []))]
  },
  approval: async (client) => {
    const approvals = await client.call('approvals', {})
    return approvals.filter(({ state }) => state === 'pending' || state === 'granted').map(({ id }) => id)
  },
  case: async (client) => (await client.call('cases', {})).filter(({ state }) => state !== 'final').map(({ id }) => id),
  exception: async (client) =>
    (await client.call('exceptions', {})).filter(({ state }) => state !== 'over').map(({ id }) => id),
  agent: async (client) => (await client.call('agents', {})).map(({ name }) => name),
}

/** @param usual home that is asked where the command line names none */
export function lookUpIn(usual: string): LookUp {
  return async (what, home = usual) => {
    const { promise: late, resolve: end } = Promise.withResolvers<string[]>()
    const cancel = systemClock.after(PATIENCE_MS, () => end([]))
    const asked = controlClient(resolve(home)).then(async (client) => {
      await using _client = client
      return await asks[what](client)
    })
    try {
      return await Promise.race([asked, late])
    } catch {
      return []
    } finally {
      cancel()
    }
  }
}
