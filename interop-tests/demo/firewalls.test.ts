/** What the demo says of its two firewalls, with its own policies and its own customers. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { TestMesh } from '../harness/test-mesh.ts'
import { capabilities } from './orgb/customers.mts'

const OBLIGATIONS = { orga: 'obligations: [redact:PII]', orgb: 'obligations: [redact_fields:national_id]' }
const nationalId = '140382 49917'
const email = 'ingrid@solberg-fisk.no'

/** Both organisations with the policies of the demo; `off` is the side whose rule obliges to nothing. */
async function customersWithout(off?: 'orga' | 'orgb'): Promise<string> {
  const policyOf = async (who: 'orga' | 'orgb') => {
    const text = await readFile(join(import.meta.dirname, who, 'policy.yaml'), 'utf8')
    expect(text).toContain(OBLIGATIONS[who])
    return [{ name: who, text: off === who ? text.replace(OBLIGATIONS[who], '') : text }]
  }
  const [orga, orgb] = [
    { policy: await policyOf('orga'), principal: 'agent:buyer' },
    { policy: await policyOf('orgb') },
  ]
  await using stranger = await TestMesh.create({ kernels: { orga, orgb } })
  const peers = [{ did: stranger.kernel('orga').did, alias: 'orga' }]
  await using mesh = await TestMesh.create({ kernels: { orga, orgb: { ...orgb, peers } } })
  for (const { definition, handler } of capabilities) await mesh.kernel('orgb').register(definition, handler)
  await mesh.join('orga', 'orgb')
  return JSON.stringify((await mesh.kernel('orga').invoke('orgb/crm.customers', {})).value)
}

describe('the customers of the demo', () => {
  it('arrive without national identity numbers and without mail addresses', async () => {
    const text = await customersWithout()
    expect(text).toContain('Ingrid Solberg')
    expect([text.includes(nationalId), text.includes(email)]).toEqual([false, false])
  })

  it('leak exactly the national identity numbers when the firewall of orgb is switched off', async () => {
    const text = await customersWithout('orgb')
    expect([text.includes(nationalId), text.includes(email)]).toEqual([true, false])
  })

  it('leak exactly the mail addresses when the firewall of orga is switched off', async () => {
    const text = await customersWithout('orga')
    expect([text.includes(nationalId), text.includes(email)]).toEqual([false, true])
  })
})
