import type { OperateStep } from '../operate-step.ts'
import type { Organisation } from '../organisation.ts'

export const install: OperateStep = {
  name: 'install',
  title: 'Each organisation makes its node',
  why: 'Keys, a commented configuration, a policy that permits nothing, and a certificate for TLS. Nothing runs yet.',
  async run({ story, orga, orgb }) {
    for (const one of [orga, orgb]) {
      Object.assign(one, await init(one))
      story.done(`${one.name} is ${one.did}`)
      story.note(`fingerprint ${one.fingerprint}`)
    }
  },
}

/** @returns who the new node is. */
async function init(organisation: Organisation): Promise<{ did: string; fingerprint: string }> {
  const { name, host, port } = organisation
  const { did, fingerprint } = await organisation.json<{ did: string; fingerprint: string }>([
    'init',
    '--name',
    name,
    '--listen',
    `${host}:${port}`,
    '--tls-host',
    host,
    '--allow-private',
    '127.0.0.0/8',
  ])
  return { did, fingerprint }
}
