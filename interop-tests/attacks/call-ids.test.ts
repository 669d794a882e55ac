/** Ids of calls, which mallory chooses. */
import { randomId } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { RoguePeer } from '../harness/rogue-peer.ts'
import { twoOrgs } from '../harness/two-orgs.ts'

describe('mallory, whose calls are refused', () => {
  it('has as many ids remembered as there are entries about them, and drives no id of another call out', async () => {
    await using mesh = await twoOrgs()
    const rogue = await RoguePeer.open(mesh, 'bob')
    const refused = { cap: 'absent', call_id: randomId() }
    for (let n = 0; n < 60; n++) expect((await rogue.call({ ...refused, call_id: randomId() })).receipt).toBeDefined()
    // From here on refusals are unsigned, and leave no entry.
    const retryOf = randomId()
    for (let n = 0; n < 3; n++) {
      expect((await rogue.call({ ...refused, retry_of: retryOf })).status).toBe(429)
      expect((await rogue.call({ ...refused, call_id: retryOf })).status).toBe(429)
    }
  })
})
