/** The table of security.md B6 from the agent of alice to the driver of bob, for every cell that two kernels can reach. */
import { exchangePaths, type Rule, type TrustPolicy } from '@hansa/protocols'
import { decodeBase64url, signJws } from '@hansa/trust'
import { mallory } from '@hansa/trust/testing'
import { describe, expect, it } from 'vitest'
import { entriesOf, refusal } from '../harness/outcome.ts'
import { allow, type TwoOrgs, twoOrgs } from '../harness/two-orgs.ts'

type Local = 'permit' | 'deny' | 'none' | 'error'
type Remote = 'permit' | 'deny' | 'unreachable' | 'invalid'

const localRules: Record<Local, Rule[]> = {
  permit: [allow('a', 'agent:*', '*')],
  deny: [allow('a', 'agent:*', '*'), allow('no', 'agent:*', 'bob/*', { effect: 'deny' })],
  none: [],
  error: [allow('a', 'agent:*', '*', { when: 'args.missing == 1' })],
}
const remoteRules: Record<'permit' | 'deny', Rule[]> = { permit: [allow('b', '*', '*')], deny: [] }

/** Rows of the table: what the agent gets, and whether bob's driver may have acted. */
const table: Record<TrustPolicy, Record<Local, Record<Remote, string>>> = {
  most_restrictive: {
    permit: { permit: 'released', deny: 'policy_denied', unreachable: 'outcome_unknown', invalid: 'remote_refused' },
    deny: never(),
    none: never(),
    error: never(),
  },
  local_only: {
    permit: { permit: 'released', deny: 'policy_denied', unreachable: 'outcome_unknown', invalid: 'remote_refused' },
    deny: never(),
    none: never(),
    error: never(),
  },
  remote_deferred: {
    permit: { permit: 'released', deny: 'policy_denied', unreachable: 'remote_refused', invalid: 'remote_refused' },
    none: { permit: 'released', deny: 'policy_denied', unreachable: 'remote_refused', invalid: 'remote_refused' },
    deny: never(),
    error: never(),
  },
}

function never(): Record<Remote, string> {
  return { permit: 'policy_denied', deny: 'policy_denied', unreachable: 'policy_denied', invalid: 'policy_denied' }
}

const cells = Object.entries(table).flatMap(([trustPolicy, rows]) =>
  Object.entries(rows).flatMap(([local, row]) =>
    Object.entries(row).map(
      ([remote, expected]) => [trustPolicy as TrustPolicy, local as Local, remote as Remote, expected] as const,
    ),
  ),
)

/** Makes what bob answers unreachable, or signed by somebody else. */
function make(mesh: TwoOrgs, remote: Remote): void {
  if (remote === 'unreachable') {
    mesh.network.intercept(({ path }) =>
      path === exchangePaths.call || path === exchangePaths.decide ? { lose: 'request' } : undefined,
    )
  }
  if (remote !== 'invalid') return
  mesh.network.intercept(({ path }) => {
    if (path === exchangePaths.decide) return { reply: (reply) => ({ ...reply, body: resigned(reply.body) }) }
    if (path !== exchangePaths.call) return undefined
    return {
      reply: (reply) => ({ ...reply, body: Buffer.from(reply.body).map((byte, at) => (at === 60 ? byte ^ 1 : byte)) }),
    }
  })
}

function resigned(body: Uint8Array): Uint8Array {
  const payload = decodeBase64url(Buffer.from(body).toString().split('.')[1] ?? '') ?? new Uint8Array()
  const decision = { ...JSON.parse(Buffer.from(payload).toString()), effect: 'permit' }
  return Buffer.from(signJws(mallory, 'hansa-decision+jws', decision).jws)
}

describe('trust policies, cell by cell', () => {
  it('is about all 48', () => {
    expect(cells).toHaveLength(48)
  })

  it.each(cells)('%s: alice %s, bob %s: %s', async (trustPolicy, local, remote, expected) => {
    await using mesh = await twoOrgs({
      alice: { rules: localRules[local] },
      bob: { rules: remoteRules[remote === 'deny' ? 'deny' : 'permit'] },
    })
    await mesh.join('alice', 'bob', { trustPolicy })
    make(mesh, remote)
    const invoke = mesh.kernel('alice').invoke('bob/note.write', { text: 'x' })
    const detail = expected === 'released' ? await invoke : await refusal(invoke)
    if (expected !== 'released') expect(detail).toMatchObject({ code: expected })
    const sent = mesh.network.tap.some(({ path }) => path === exchangePaths.call)
    const asked = trustPolicy === 'remote_deferred'
    expect(sent).toBe(
      local === 'permit' ? !asked || remote === 'permit' : asked && local === 'none' && remote === 'permit',
    )
    expect(mesh.notes).toHaveLength(sent && (remote === 'permit' || remote === 'invalid') ? 1 : 0)
    if (expected === 'remote_refused' && remote === 'invalid') {
      expect(await entriesOf(mesh, 'alice', 'peer.evidence')).toHaveLength(1)
    }
  })
})
