import { exchangePaths } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { outcomeOf } from '../harness/outcome.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

const call = (mesh: TwoOrgs) => outcomeOf(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))
const sent = (mesh: TwoOrgs) => mesh.network.tap.filter(({ path }) => path === exchangePaths.call).length

describe('a peer that looks at no calls', () => {
  const turnAway = (mesh: TwoOrgs) =>
    mesh.network.intercept(({ path }) => {
      const body = Buffer.from('{"code":"rate_limited"}')
      return path === exchangePaths.call ? { reply: (reply) => ({ ...reply, status: 429, body }) } : undefined
    })

  it('is sent none for a moment, then one of each agent, and all again after the first answer', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    const heal = turnAway(mesh)
    for (let n = 0; n < 10; n++) expect(await call(mesh)).toBe('rate_limited')
    expect(sent(mesh)).toBe(1)
    await mesh.advance({ seconds: 1 })
    for (let n = 0; n < 5; n++) expect(await call(mesh)).toBe('rate_limited')
    expect(sent(mesh)).toBe(2)
    heal()
    await mesh.advance({ seconds: 2 })
    for (let n = 0; n < 5; n++) expect(await call(mesh)).toBe('released')
  })

  it('is no provider that can be called meanwhile', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    turnAway(mesh)
    await call(mesh)
    const { candidates } = await mesh.kernel('alice').routing.route('echo')
    expect(candidates).toMatchObject([{ callable: false, reason: expect.stringContaining('looks at none') }])
  })
})
