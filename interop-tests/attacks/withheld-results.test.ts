import type { CapabilityDefinition } from '@hansa/protocols'
import { attenuate } from '@hansa/trust'
import { describe, expect, it } from 'vitest'
import { entriesOf, outcomeOf, refusal } from '../harness/outcome.ts'
import { twoOrgs } from '../harness/two-orgs.ts'

const transfer: CapabilityDefinition = { id: 'transfer', safety: 'WRITE', output: {} }

describe('a result that the firewall withholds after the action', () => {
  it('does not let the same key act a second time', async () => {
    await using mesh = await twoOrgs()
    let acted = 0
    await mesh.kernel('bob').register(transfer, () => {
      acted += 1
      return { key: 'AKIAIOSFODNN7EXAMPLE' }
    })
    await mesh.join('alice', 'bob')
    const call = () => refusal(mesh.kernel('alice').invoke('bob/transfer', {}, { idempotencyKey: 'pay-once' }))
    expect(await call()).toMatchObject({ code: 'firewall_blocked' })
    expect(await call()).toMatchObject({ code: 'outcome_unknown' })
    expect(acted).toBe(1)
    await mesh.restart('bob')
    await mesh.kernel('bob').register(transfer, () => {
      acted += 1
      return {}
    })
    expect(await call()).toMatchObject({ code: 'outcome_unknown' })
    expect(acted).toBe(1)
  })

  it('is not called a failure, because the action did happen', async () => {
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register(transfer, () => ({ key: 'AKIAIOSFODNN7EXAMPLE' }))
    await mesh.join('alice', 'bob')
    await refusal(mesh.kernel('alice').invoke('bob/transfer', {}))
    expect(await entriesOf(mesh, 'bob', 'outcome')).toMatchObject([{ ext: { status: 'outcome_unknown' } }])
    expect(await entriesOf(mesh, 'alice', 'receipt.received')).toMatchObject([{ ext: { status: 'outcome_unknown' } }])
  })
})

describe('a token that is narrowed to some labels', () => {
  it('does not get a result that carries another, and the call does not act for nothing', async () => {
    await using mesh = await twoOrgs()
    let acted = 0
    await mesh.kernel('bob').register({ id: 'people', safety: 'READ', sensitivity: ['PII'], output: {} }, () => {
      acted += 1
      return { name: 'Ada' }
    })
    const { token } = await mesh.kernel('bob').grant({ principal: 'agent:x', capability: 'people', uses: 5 })
    const use = (narrowed: string) => outcomeOf(mesh.kernel('bob').invoke('people', {}, { token: narrowed }))
    expect(await use(attenuate(token, { labels_max: [] }))).toBe('token_rejected')
    expect(acted).toBe(0)
    expect(await use(attenuate(token, { labels_max: ['PII'] }))).toBe('released')
  })

  it('does not get a result in which such a label is found only when it is screened', async () => {
    await using mesh = await twoOrgs()
    await mesh.kernel('bob').register({ id: 'mail', safety: 'READ', output: {} }, () => ({ to: 'ada@example.com' }))
    const { token } = await mesh.kernel('bob').grant({ principal: 'agent:x', capability: 'mail', uses: 5 })
    const call = mesh.kernel('bob').invoke('mail', {}, { token: attenuate(token, { labels_max: [] }) })
    expect(await outcomeOf(call)).toBe('token_rejected')
  })
})
