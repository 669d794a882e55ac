import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DELEGATION_TYP } from '@hansa/protocols'
import { randomId, readKeyFile, readLink, signJws } from '@hansa/trust'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import type { Refusal } from '../trust-report.ts'
import { malloryAtOrgb, type TrustWorld } from '../trust-world.ts'
import { chainFile } from './delegate.ts'

const cap = 'billing.ledger'
const args = { tenant: 'lubeck' }

export const steal: SceneStep<TrustWorld> = {
  title: 'A link that gives more, and a chain in other hands',
  why: 'mallory is a kernel that orgb knows and trusts as much as orga, with a session of its own. Only the chain can be wrong.',
  async run(world) {
    const { report, story } = world
    const chain = await readChain(world, 'orga')
    report.delegation.widened = await presented(world, [...chain, await wider(world, chain)])
    check('the wider chain at orgb', report.delegation.widened, { outcome: 'refused', code: 'policy_denied' })
    story.done(
      'orga, which was given /billing/invoice, signs /billing for mallory with its own key: refused, policy_denied',
    )
    story.note(`In the log of orgb: ${await lastReason(world)}.`)
    const clerks = await readChain(world, 'orga-clerk')
    report.delegation.stolen = await presented(world, clerks, 'billing.invoice.list')
    check('the stolen chain at orgb', report.delegation.stolen, { outcome: 'refused', code: 'policy_denied' })
    story.done('mallory copies the chain of the clerk, every signature in it good: refused, policy_denied')
    story.note(
      `In the log of orgb: ${await lastReason(world)}. A chain is no secret: only the kernel it names can use it.`,
    )
  },
}

async function readChain(world: TrustWorld, member: 'orga' | 'orga-clerk'): Promise<string[]> {
  return (await readFile(chainFile(world, member), 'utf8')).trim().split('\n')
}

/** What orga's own node would not sign. */
async function wider({ nodes: { orga }, mallory }: TrustWorld, chain: readonly string[]): Promise<string> {
  const before = readLink(chain.at(-1) ?? '')
  if (before === undefined) throw new TypeError('orga has a chain')
  const { link, hash } = before
  const key = await readKeyFile(join(orga.home, 'keys/identity.key'))
  const more = { jti: randomId(), iss: orga.did, aud: mallory.did, cmd: '/billing', dep: link.dep - 1, prf: hash }
  return signJws(key, DELEGATION_TYP, { ...link, ...more }).jws
}

async function presented(world: TrustWorld, chain: readonly string[], capability = cap): Promise<Refusal> {
  const rogue = await malloryAtOrgb(world)
  const { receipt, code } = await rogue.call({ cap: capability, args, chain })
  if (receipt?.status === 'ok') return { outcome: 'released', code: null }
  return { outcome: 'refused', code: receipt?.code ?? code ?? null }
}

async function lastReason({ nodes: { orgb } }: TrustWorld): Promise<string> {
  const entries = await orgb.client.operator.audit({ from: -20, limit: 20 })
  return entries.findLast(({ type }) => type === 'outcome')?.ext?.reason ?? ''
}
