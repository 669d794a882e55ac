import { type Code, exchangePaths, httpStatus } from '@hansa/protocols'
import { describe, expect, it } from 'vitest'
import { entriesOf, refusal } from '../harness/outcome.ts'
import { type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

/** Bob acts, and what comes back is a code that nobody signed. */
function answerWith(mesh: TwoOrgs, status: number, body: unknown): void {
  mesh.network.intercept(({ path }) =>
    path === exchangePaths.call
      ? { reply: (reply) => ({ ...reply, status, body: Buffer.from(JSON.stringify(body)) }) }
      : undefined,
  )
}

describe('an answer without a signature', () => {
  it.each<Code>(['busy', 'log_full', 'internal', 'remote_refused', 'not_found', 'invalid_request'])(
    'never says that a call which can change something did nothing: %s',
    async (code) => {
      await using mesh = await twoOrgs()
      await mesh.join('alice', 'bob')
      answerWith(mesh, httpStatus[code], { code })
      const detail = await refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }))
      expect(mesh.notes).toEqual(['x'])
      expect(detail).toMatchObject({ code: 'outcome_unknown', stage: 'remote' })
      expect(await entriesOf(mesh, 'alice', 'outcome')).toMatchObject([{ ext: { status: 'outcome_unknown' } }])
    },
  )

  it('that says ok is not released', async () => {
    await using mesh = await twoOrgs()
    await mesh.join('alice', 'bob')
    answerWith(mesh, 200, { text: 'x' })
    expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
      code: 'remote_refused',
    })
  })

  it.each(['approval_required', 'policy_denied', 'token_rejected'] as const)(
    'cannot claim what only a receipt can: %s',
    async (code) => {
      await using mesh = await twoOrgs()
      await mesh.join('alice', 'bob')
      answerWith(mesh, httpStatus[code], { code })
      expect(await refusal(mesh.kernel('alice').invoke('bob/echo', { text: 'x' }))).toMatchObject({
        code: 'remote_refused',
      })
    },
  )

  it('gives no approval back', async () => {
    const rules = [
      { id: 'ask', effect: 'require_approval' as const, subject: 'agent:*', action: 'invoke', resource: 'bob/*' },
    ]
    await using mesh = await twoOrgs({ alice: { rules } })
    await mesh.join('alice', 'bob')
    const call = (approval?: string) =>
      refusal(mesh.kernel('alice').invoke('bob/note.write', { text: 'x' }, approval === undefined ? {} : { approval }))
    const { approvalId = '' } = await call()
    await mesh.kernel('alice').approve(approvalId, 'person:carla')
    answerWith(mesh, 503, { code: 'busy' })
    await call(approvalId)
    expect(await call(approvalId)).toMatchObject({ code: 'approval_required' })
    expect(mesh.notes).toEqual(['x'])
  })
})
