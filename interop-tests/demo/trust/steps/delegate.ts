import { readFile } from 'node:fs/promises'
import { CallError, type Did } from '@hansa/protocols'
import { readLink } from '@hansa/trust'
import type { SceneStep } from '../../play-scene.ts'
import { check } from '../../report.ts'
import { at, fileOf, type Member, type TrustWorld } from '../trust-world.ts'

/** Each link gives less than the one before: of what may be called, for how long, how often. */
const grants: readonly { from: Member; to: Member; cmd: string; calls: number; expires: string; more: string[] }[] = [
  { from: 'orgb', to: 'orgb-desk', cmd: '/billing', calls: 1_000_000, expires: '30d', more: ['--depth', '2'] },
  { from: 'orgb-desk', to: 'orga', cmd: '/billing/invoice', calls: 100, expires: '7d', more: [] },
  {
    from: 'orga',
    to: 'orga-clerk',
    cmd: '/billing/invoice/list',
    calls: 5,
    expires: '1d',
    more: ['--where', 'tenant == "lubeck"', '--obo', 'Olga, order 4711'],
  },
]

export const delegate: SceneStep<TrustWorld> = {
  title: 'Three links, two organisations, each narrower than the one before',
  why: 'orgb lets its own desk act, the desk lets orga, and orga its clerk. Each link is signed by whoever gives it, and names the one that may act under it. orgb permits nothing without a chain.',
  async run(world) {
    const { report, story, nodes } = world
    let from: string | undefined
    for (const grant of grants) {
      const file = chainFile(world, grant.to)
      const passing = from === undefined ? [] : ['--from', from]
      const what = ['--to', nodes[grant.to].did, '--cmd', grant.cmd, '--limit', `calls=${grant.calls}`]
      const rest = ['--expires', grant.expires, ...grant.more, '--out', file]
      await at(world, grant.from, 'delegate', ...passing, ...what, ...rest)
      await at(world, grant.to, 'delegation', 'add', file)
      from = file
    }
    report.delegation.links = await linksOf(world, 'orga-clerk')
    check('the links of the chain', report.delegation.links.length, grants.length)
    check('what the first call gets', await list(world, 'lubeck'), 'released')
    report.delegation.outcome = 'released'
    story.done('the clerk lists invoices of lubeck at orgb: released')
    check('another tenant', await list(world, 'bremen'), 'policy_denied')
    story.done('of bremen: refused, policy_denied: the last link says tenant == "lubeck"')
    const rest = await Promise.all(Array.from({ length: 5 }, () => list(world, 'lubeck')))
    check('of five more at once', rest.toSorted(), ['budget_exceeded', ...Array(4).fill('released')])
    story.done(
      'five more at once: four released, one refused, budget_exceeded: five calls were all that the link gives',
    )
  },
}

/** Where the chain lies that names this member. */
export function chainFile(world: TrustWorld, member: Member): string {
  return fileOf(world, `${member}.chain`)
}

async function linksOf(world: TrustWorld, member: Member): Promise<TrustWorld['report']['delegation']['links']> {
  const jwss = (await readFile(chainFile(world, member), 'utf8')).trim().split('\n')
  return jwss.flatMap((jws) => {
    const link = readLink(jws)?.link
    if (link === undefined) return []
    const { iss, aud, cmd, lim, exp } = link
    return [{ from: iss, to: aud as Did, cmd, calls: lim.calls ?? 0, exp }]
  })
}

/** @param delegation the chain to call under. @default the only one that covers it. @returns how a call of the clerk ended: `released`, or the code. */
export async function list({ nodes }: TrustWorld, tenant: string, delegation?: string): Promise<string> {
  const options = { principal: 'agent:clerk', ...(delegation === undefined ? {} : { delegation }) }
  try {
    await nodes['orga-clerk'].client.invoke('orgb/billing.invoice.list', { tenant }, options)
    return 'released'
  } catch (error) {
    if (error instanceof CallError) return error.detail.code
    throw error
  }
}
